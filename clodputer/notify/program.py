"""A program that tells something: run with a limit of time, together with all it starts."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile

from clodputer.notify import Refused
from clodputer.store.processes import tied

# In bytes; of what a program says when it fails.
SAID = 300
# One of our children is killed at the end of its time, and must be quicker than that to end what it has started; in seconds.
SHARE = 0.9


def run(argv: Sequence[str], stdin: bytes, environ: Mapping[str, str], seconds: float) -> None:
    """Run it to its end. Raises Refused when it cannot be started, fails, or takes longer."""
    name = os.path.basename(argv[0])
    # Files, as a process that is left behind may keep a pipe open.
    with TemporaryFile() as given, TemporaryFile() as output:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(
                argv,
                env=dict(environ),
                stdin=given,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tied.before_exec(),  # noqa: PLW1509
            )
        except OSError as error:
            raise Refused(f"{name} cannot be started: {error.strerror or error}") from None
        try:
            status = process.wait(seconds * SHARE)
        except subprocess.TimeoutExpired:
            raise Refused(f"{name} took longer than {seconds * SHARE:.1f} s") from None
        finally:
            _end(process)
        if status:
            output.seek(max(0, output.seek(0, os.SEEK_END) - SAID))
            said = " ".join(output.read(SAID).decode("utf-8", "replace").split())
            raise Refused(f"{name} ended with status {status}{f': {said}' if said else ''}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group, also what a program that is done has left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    if process.returncode is None:
        process.wait()
