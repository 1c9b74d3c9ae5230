"""A finding of the doctor: what was looked at, how bad it is, what is the matter, and what helps."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from subprocess import DEVNULL, TimeoutExpired, run
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from clodputer.model.config.settings import Settings
from clodputer.model.task import Task
from clodputer.store.home import Home
from clodputer.views.doctor.fix import Fix, Fixed

if TYPE_CHECKING:
    from clodputer.views.doctor.schedule.installed import Installed

OK, NOTE, PROBLEM = "ok", "note", "problem"


class Finding(NamedTuple):
    """One thing found. check: its name; level: OK, NOTE or PROBLEM; remedy: a sentence, or empty."""

    check: str
    level: str
    message: str
    remedy: str = ""
    fix: Optional[Fix] = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self._asdict(), "fix": self.fix.words if self.fix else None}


class Diagnosis(NamedTuple):
    """All that was found, and the remedies that were done before; None when none were asked for."""

    findings: tuple[Finding, ...]
    fixed: Optional[tuple[Fixed, ...]] = None

    def problems(self) -> list[Finding]:
        """The findings that are problems."""
        return [finding for finding in self.findings if finding.level == PROBLEM]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs; `fixed` is there only when remedies were asked for."""
        fixed = {} if self.fixed is None else {"fixed": [each.to_json() for each in self.fixed]}
        return {
            "findings": [finding.to_json() for finding in self.findings],
            "problems": len(self.problems()),
            **fixed,
        }


class Facts(NamedTuple):
    """What every check may ask of: the world as it is to be looked at.

    now: epoch seconds. tasks: those whose files are right and that run on this machine. elsewhere: those that run on others.
    python: the interpreter. seconds: how long one program that a check starts may take. installed: what the schedulers have;
    None when they could not be asked.
    """

    home: Home
    environ: Mapping[str, str]
    now: float
    settings: Settings = Settings()
    secrets: Mapping[str, str] = {}
    tasks: tuple[Task, ...] = ()
    platform: str = sys.platform
    user: int = os.getuid()
    python: str = sys.executable
    seconds: float = 10.0
    installed: Optional[Installed] = None
    elsewhere: tuple[Task, ...] = ()


def ok(check: str, message: str) -> list[Finding]:
    """All is well."""
    return [Finding(check, OK, message)]


def note(check: str, message: str, remedy: str = "", fix: Optional[Fix] = None) -> list[Finding]:
    """Worth knowing; nothing has to be done at once."""
    return [Finding(check, NOTE, message, remedy, fix)]


def problem(check: str, message: str, remedy: str, fix: Optional[Fix] = None) -> list[Finding]:
    """Something does not work, or will not when it is wanted."""
    return [Finding(check, PROBLEM, message, remedy, fix)]


def named(names: Sequence[str], most: int = 3) -> str:
    """The first few of some names: `a, b, c, ...`."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


class Said(NamedTuple):
    """How a program that a check has started ended: its exit status (None: it took too long) and what it printed."""

    status: Optional[int]
    out: str = ""
    err: str = ""


def ask(facts: Facts, argv: Sequence[str], env: Optional[Mapping[str, str]] = None) -> Said:
    """Start a program, which may not ask anybody anything, and wait for what it says. Raises OSError when it cannot be."""
    environ = {**(facts.environ if env is None else env), "LC_ALL": "C"}
    try:
        ended = run(
            list(argv),
            env=environ,
            stdin=DEVNULL,
            capture_output=True,
            timeout=facts.seconds,
            check=False,
            start_new_session=True,
        )
    except TimeoutExpired:
        return Said(None)
    return Said(
        ended.returncode, ended.stdout.decode("utf-8", "replace"), ended.stderr.decode("utf-8", "replace")
    )
