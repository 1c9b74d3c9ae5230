"""The canary: the scheduler itself is made to start a probe, and what that saw from inside is judged."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer import __version__
from clodputer.model.outcome import REASONS, SUCCEEDED
from clodputer.model.text.moment import format_duration
from clodputer.store.records.runs import read_json
from clodputer.views.doctor.finding import NOTE, OK, PROBLEM, Facts, Finding, note, ok, problem
from clodputer.views.tasks.probe import BEGUN

NAME = "canary"
# Claude and its servers have a good many files open at once.
FEW_FILES = 512

# What it may be that the probe never came back, and where to look.
_SILENT = {
    "launchd": "It may be switched off in System Settings, General, Login Items, or its session is not the desktop's. Look: "
    'log show --last 10m --predicate \'process == "launchd" OR process == "xpcproxy"\'',
    "systemd": "The manager may be busy, or the unit failed to start. Look: journalctl --user --since '-10 min'",
    "cron": "No cron may be running, or it may not start anything for this account (/etc/cron.allow, an expired password). "
    "Look: grep CRON /var/log/syslog, or journalctl -t CRON; and your mail.",
}


class Waited(NamedTuple):
    """How waiting for a probe ended. begun: it was started. seen: what it saw, if it came back. seconds: how long we waited."""

    begun: bool
    seen: Optional[Mapping[str, Any]]
    seconds: float


def refused(facts: Facts) -> Optional[Finding]:
    """Why no canary can be sent, if so."""
    installed = facts.installed
    if installed is None or not installed.names:
        return Finding(
            NAME,
            PROBLEM,
            "no scheduler is set up for this home, so none can start a probe",
            "Run: clodputer install",
        )
    if installed.shim is None:
        return Finding(
            NAME, PROBLEM, f"there is no {installed.frame.shim}, which alarms start", "Run: clodputer install"
        )
    return None


def poll(path: str, seconds: float) -> Waited:
    """How it is with the probe that is to write `path`, after so many seconds."""
    return Waited(os.path.exists(path + BEGUN), read_json(path), seconds)


def judge(facts: Facts, scheduler: str, waited: Waited) -> list[Finding]:
    """What the canary tells."""
    after = format_duration(waited.seconds)
    if waited.seen is None and not waited.begun:
        return problem(
            NAME,
            f"{scheduler} was asked to start a probe, but none started within {after}",
            _SILENT[scheduler],
        )
    if waited.seen is None:
        return problem(
            NAME,
            f"{scheduler} started the probe, but it did not end within {after}",
            "Something that it looks at hangs: a network drive, a question on the screen, or claude itself. "
            "Try again with --seconds.",
        )
    seen = waited.seen
    found = [*_surroundings(facts, scheduler, seen), *_inside(seen), *_real(seen)]
    if any(finding.level != OK for finding in found):
        return found
    return [
        *ok(NAME, f"{scheduler} started the probe, which found everything in place after {after}"),
        *found,
    ]


def _surroundings(facts: Facts, scheduler: str, seen: Mapping[str, Any]) -> list[Finding]:
    """What the process is given by its scheduler."""
    found: list[Finding] = []
    environment = seen.get("environment", {})
    wanted = facts.installed.shim.environment if facts.installed and facts.installed.shim else {}
    wrong = [
        name
        for name, value in sorted(wanted.items())
        if name in ("PATH", "HOME", "CLODPUTER_HOME", "LANG", "SHELL") and environment.get(name) != value
    ]
    if wrong:
        wrongly = "; ".join(f"{name} is {environment.get(name) or 'not set'}" for name in wrong)
        found += problem(
            NAME,
            f"the environment that {scheduler} starts it with is not the one that was frozen: {wrongly}",
            "Run: clodputer install",
        )
    if seen.get("user") != facts.user:
        found += problem(
            NAME,
            f"{scheduler} starts it as account number {seen.get('user')}, and you are {facts.user}",
            "Run: clodputer install, as yourself and without sudo",
        )
    if seen.get("version") != __version__:
        found += note(
            NAME, f"alarms run version {seen.get('version')}; this is {__version__}", "Run: clodputer install"
        )
    if not seen.get("umask", 0o077) & 0o002:
        found += note(
            NAME,
            f"files made there can be written by everybody (umask {seen.get('umask'):04o})",
            f"Set a umask where {scheduler} is set up.",
        )
    if 0 <= seen.get("open_files", FEW_FILES) < FEW_FILES:
        found += note(
            NAME,
            f"a run may have {seen.get('open_files')} files open at once, which is little for claude",
            f"Raise the limit where {scheduler} is set up.",
        )
    if seen.get("stdin_tty") or seen.get("terminal"):
        found += note(
            NAME,
            "there is a terminal, so programs may stop and ask",
            "Nothing need be done: claude is given none.",
        )
    if not seen.get("locks", True):
        found += problem(
            NAME, "no file can be locked in the folder for temporary files there", "See TMPDIR, and its disk."
        )
    return found


def _inside(seen: Mapping[str, Any]) -> list[Finding]:
    """What the same checks say there as here."""
    return [
        Finding(NAME, level, f"from inside, {check}: {message}", remedy)
        for check, level, message, remedy in seen.get("findings", ())
        if level in (NOTE, PROBLEM)
    ]


def _real(seen: Mapping[str, Any]) -> list[Finding]:
    """How the real turn went."""
    real = seen.get("real")
    if not real:
        return []
    if real.get("outcome") == SUCCEEDED:
        cost = f", ${real['cost_usd']:.4f}" if isinstance(real.get("cost_usd"), (int, float)) else ""
        took = format_duration(real.get("duration_seconds") or 0)
        return ok(NAME, f"claude {real.get('agent_version', '')} answered in {took}{cost}")
    reason = str(real.get("reason"))
    remedy = REASONS[reason].remedy if reason in REASONS else ""
    if "show RUN" in remedy:
        remedy = ""  # its home is gone, and the run with it
    message = f"a real turn of claude, started there, ended as {real.get('outcome')} ({reason}): {real.get('message')}"
    return problem(NAME, message, remedy or "Try the same by hand: clodputer run hello")
