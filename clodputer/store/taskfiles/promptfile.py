"""The file that `prompt_file` names."""

from __future__ import annotations

from clodputer.model.task import LARGEST_PROMPT
from clodputer.store.files import plainfile


def read(path: str) -> str:
    """The text of a prompt's file. Raises ValueError that says what is wrong with the file."""
    try:
        content = plainfile.read(path, LARGEST_PROMPT).content
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    except ValueError:
        raise ValueError(f"{path} is not a regular file") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_PROMPT:
        raise ValueError(f"{path} has more than {LARGEST_PROMPT:,} bytes, more than Claude accepts")
    if not text.strip():
        raise ValueError(f"{path} is empty")
    return text
