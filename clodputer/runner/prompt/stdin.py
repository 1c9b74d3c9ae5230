"""What an agent reads as its stdin: its prompt, in a file that no disk keeps."""

from __future__ import annotations

import os

from clodputer.store.files import atomic
from clodputer.store.files.doing import doing


def open_prompt(temporary: str, prompt: str) -> int:
    """A descriptor of a regular file holding the prompt, at its beginning; the file has no name any more. Raises OSError.

    A regular file, because claude gives a pipe three seconds; without a name, because the prompt may hold secrets. For a task
    without a prompt it is /dev/null.
    """
    if not prompt:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    path = f"{temporary}/prompt"
    with doing("writing the prompt for the agent", path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.unlink(path)
            atomic.write_all(descriptor, prompt.encode("utf-8", "replace"))
            os.lseek(descriptor, 0, os.SEEK_SET)
        except OSError:
            os.close(descriptor)
            raise
    return descriptor
