"""A home under attack: commands in processes of their own, and one good request beside the bad things."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

from clodputer.store.home import Home
from tests import guard, warm
from tests.workshop import command_task, drop, make_home, outcomes, records

# The command as pip installs it, beside the Python that runs the tests: none of our modules is loaded before it starts.
INSTALLED = str(Path(sys.executable).with_name("clodputer"))
# Drops this old are never taken for unfinished ones, for which exec would wait.
LONG_AGO = 1_600_000_000
GOOD = "good"


class Done(NamedTuple):
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


class Stage:
    """A home with a task that takes a millisecond.

    fresh: start every command as a person would, by its installed name; otherwise only where the environment or a command
    before it matters to Python's own start, and all others are forked from a warm process.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self.folder = folder
        self.fresh = fresh
        self.home = make_home(folder)
        self.environ = {
            "PATH": guard.refusing_first("/usr/local/bin:/usr/bin:/bin"),
            "HOME": str(folder),
            "TMPDIR": os.environ.get("TMPDIR") or "/tmp",
            "CLODPUTER_HOME": self.home.root,
        }
        command_task(self.home, GOOD, "/bin/true")

    def call(
        self,
        *arguments: str,
        environ: Optional[Mapping[str, str]] = None,
        before: Sequence[str] = (),
        seconds: float = 100,
    ) -> Done:
        """A command, behind the words of `before`; never a fault of ours, never a traceback."""
        environ = dict(self.environ if environ is None else environ)
        done = None if before or self.fresh else warm.call(arguments, environ, seconds, str(self.folder))
        status, stdout, stderr = done or self._start(arguments, environ, before, seconds)
        assert "Traceback" not in stdout + stderr, stdout + stderr
        assert status in (0, 1, 2, 4), stdout + stderr
        assert "fault in Clodputer" not in stdout + stderr, stdout + stderr
        return Done(status, stdout, stderr)

    def _start(
        self, arguments: tuple[str, ...], environ: Mapping[str, str], before: Sequence[str], seconds: float
    ) -> Done:
        """The installed command in a fresh process."""
        done = subprocess.run(
            [*before, INSTALLED, *arguments],
            env=environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
        )
        return Done(
            done.returncode, *(text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        )

    def ask(self, *arguments: str, status: Optional[int] = 0) -> dict[str, Any]:
        """A command's data; `status` None: whatever it ends with."""
        done = self.call(*arguments, "--json")
        assert status in (None, done.status), done
        data: dict[str, Any] = json.loads(done.stdout, parse_constant=refuse)["data"]
        return data

    def execute(self, environ: Optional[Mapping[str, str]] = None, before: Sequence[str] = ()) -> None:
        """`exec` exits 0."""
        done = self.call("exec", environ=environ, before=before)
        assert done.status == 0, done

    def drop_good(self) -> None:
        """One good request, the youngest of all that lies there."""
        drop(self.home, GOOD)

    def good_runs(self) -> int:
        """How often the good task has succeeded; it never ended otherwise."""
        ended = outcomes(self.home, GOOD)
        assert set(ended) <= {"succeeded"}, records(self.home, GOOD)
        return len(ended)

    def next_good_runs(self, environ: Optional[Mapping[str, str]] = None, before: Sequence[str] = ()) -> None:
        """A good request that is dropped now is run by the next `exec`, once."""
        ran = self.good_runs()
        self.drop_good()
        self.execute(environ, before)
        assert self.good_runs() == ran + 1

    def next_good_at_least(self) -> None:
        """As `next_good_runs`, where earlier good requests may be run by this exec as well."""
        ran = self.good_runs()
        self.drop_good()
        self.execute()
        assert self.good_runs() > ran

    def looking_works(self) -> dict[str, Any]:
        """`status` answers, and so does `doctor`; the findings of the latter by their check, ok ones left out."""
        self.ask("status")
        findings: dict[str, Any] = {}
        for finding in self.ask("doctor", status=None)["findings"]:
            if finding["level"] != "ok":
                findings.setdefault(finding["check"], []).append(finding)
        assert not any("fault in" in one["message"] for found in findings.values() for one in found), findings
        return findings


def kept(folder: str) -> dict[bytes, str]:
    """The files set aside in a folder, each with the text of its reason; a file without a reason fails."""
    names = set(os.listdir(os.fsencode(folder)))
    reasons = {name for name in names if name.endswith(b".reason.json")}
    found = {}
    for name in names - reasons:
        own = next((reason for reason in reasons if reason.rsplit(b".reason.", 1)[0] == name), None)
        assert own is not None, f"{name!r} has no reason"
        reason = Path(os.fsdecode(os.path.join(os.fsencode(folder), own))).read_text("utf-8", "replace")
        found[name] = str(json.loads(reason)["message"])
    return found


def put(home: Home, name: bytes, content: bytes) -> None:
    """A file in `new/`, finished long ago."""
    path = os.path.join(os.fsencode(home.new), name)
    with open(path, "wb") as file:
        file.write(content)
    os.utime(path, (LONG_AGO, LONG_AGO))


def refuse(constant: str) -> Any:
    """NaN and the infinities are not JSON; for `json.loads`."""
    raise ValueError(f"{constant} is not JSON")
