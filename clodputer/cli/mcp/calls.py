"""Calls: the command of a tool as a child process, within a time, with bounded output, ended with the call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from json import loads
from tempfile import TemporaryFile
from typing import IO, Any

from clodputer.cli.mcp import protocol, tool, tools
from clodputer.cli.mcp.protocol import Call, Json
from clodputer.cli.steps import consent
from clodputer.store import home as homes

# No command of a tool waits for anything but files of the home. In seconds.
LONGEST = 120.0
# In bytes. An agent can take in less than that; what is larger is refused with a word on how to ask for less.
LARGEST = 1 << 20
# A process that was killed is reaped within this, unless it sleeps inside the kernel; in seconds.
_REAPED_WITHIN = 5.0


class Running:
    """One call at work. Its output is a file, so that nobody who holds a pipe open keeps the answer back."""

    def __init__(
        self, call: Call, argv: Sequence[str], given: str, environ: Mapping[str, str], now: float
    ) -> None:
        """Raises OSError, when the process cannot be started."""
        self.call, self.until = call, now + LONGEST
        self._out: IO[bytes] = TemporaryFile()
        try:
            with TemporaryFile() as stdin:
                stdin.write(given.encode())
                stdin.seek(0)
                self._process = subprocess.Popen(
                    list(argv),
                    # Python looks for modules in the folder where it starts, which may be one that somebody else has filled.
                    cwd="/",
                    env=dict(environ),
                    stdin=stdin,
                    stdout=self._out,
                    start_new_session=True,
                )
        except BaseException:
            self._out.close()
            raise

    @property
    def pid(self) -> int:
        """The process of the command."""
        return self._process.pid

    def answer(self, now: float) -> Json | None:
        """The answer, once the command has ended or taken too long; None before. Call `end` after it."""
        if self._process.poll() is None:
            if now < self.until:
                return None
            return protocol.answered(
                self.call, {}, f"it took longer than {LONGEST:.0f} seconds and was ended"
            )
        self._out.seek(0)
        printed = self._out.read(LARGEST + 1)
        if len(printed) > LARGEST:
            return protocol.answered(
                self.call,
                {},
                f"the answer has more than {LARGEST:,} bytes; ask for less, or for another thing",
            )
        return protocol.answered(self.call, *_envelope(printed, self._process.returncode))

    def end(self) -> None:
        """End the process, if it has not ended, with all that it has started, and let go of its output."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_REAPED_WITHIN)
        self._out.close()


def _envelope(printed: bytes, status: int) -> tuple[dict[str, Any], str]:
    """What a command printed, or else a problem in words."""
    try:
        envelope = loads(printed)
        if isinstance(envelope, dict):
            return envelope, ""
    except ValueError:
        pass
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    return {}, f"the command {how} and printed no answer; try: clodputer doctor"


def start(call: Call, environ: Mapping[str, str], now: float) -> Running | Json:
    """Begin a call; or its answer, when the arguments make no sense or no process can be started."""
    try:
        words, given = tool.argv(tools.NAMED[call.tool], call.arguments)
        isolated = ["-I"] if sys.flags.isolated else []
        argv = [sys.executable, "-X", "utf8", *isolated, "-m", "clodputer", *words]
        return Running(call, argv, given, _environ(environ), now)
    except tool.Unfit as unfit:
        return protocol.answered(call, {}, str(unfit))
    except OSError as error:
        return protocol.answered(call, {}, f"the command cannot be started: {error.strerror or error}")


def _environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Ours, with the mark by which commands know that an agent calls them, and the home by its whole path."""
    return {
        **environ,
        consent.VARIABLE: consent.VALUE,
        "CLODPUTER_HOME": homes.locate(environ).root,
    }
