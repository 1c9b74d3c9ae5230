"""`clodputer doctor --canary`: the probe is sent, waited for while the seconds are counted, and taken away again."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import mkdtemp
from time import monotonic, sleep, time
from typing import Callable, Optional

from clodputer.cli.terminal.ink import is_terminal
from clodputer.model.errors import ClodputerError
from clodputer.runner.versions.paid import MOST_DOLLARS
from clodputer.schedulers import load
from clodputer.views import doctor
from clodputer.views.doctor.finding import Facts, Finding, note, problem
from clodputer.views.doctor.schedule import canary as doctor_canary
from clodputer.views.doctor.schedule.canary import NAME, Waited

# Once begun, the probe looks at folders and asks claude for its version; in seconds.
UNTIL_SEEN = 60.0
# A real turn: the first byte within this, the whole in twice as much; in seconds.
REAL = 90.0
GLANCE = 0.1


def canary(
    environ: Mapping[str, str], real: bool, seconds: float, say: Callable[[str], object], tick: bool
) -> list[Finding]:
    """Send a probe by each scheduler that starts tasks of this home; what they find. `tick`: count the seconds on stderr."""
    facts = doctor.gather(environ, time())
    refused = doctor_canary.refused(facts)
    if refused is not None:
        return [refused]
    assert facts.installed is not None  # noqa: S101 (refused otherwise)
    found: list[Finding] = []
    for name in facts.installed.names:
        if real:
            say(f"This runs claude once, from inside {name}: one short answer, at most ${MOST_DOLLARS:.2f}.")
        found += _send(facts, name, real, seconds, tick)
    return found


def _send(facts: Facts, name: str, real: bool, seconds: float, tick: bool) -> list[Finding]:
    assert facts.installed is not None  # noqa: S101
    folder = mkdtemp(suffix="-probe", dir=facts.home.cache)
    path = f"{folder}/seen.json"
    arguments = ["exec", "--probe", path, *(["--real", f"{REAL:.0f}"] if real else [])]
    taken: list[Finding] = []
    take_away = None
    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with undisturbed():
            take_away = load(name).probe(facts.installed.frame, arguments)
        waited = wait(path, name, seconds, UNTIL_SEEN + (2.5 * REAL if real else 0.0), tick)
    except ClodputerError as error:
        return problem(
            NAME, f"{name} cannot start a probe: {error.message}", error.hint or "Run: clodputer install"
        )
    finally:
        with undisturbed():
            taken = _take_away(take_away)
            # A probe that comes late finds nobody, and goes.
            shutil.rmtree(folder, ignore_errors=True)
            for number, handler in before.items():
                signal.signal(number, handler)
    return doctor_canary.judge(facts, name, waited) + taken


def _take_away(take_away: Optional[Callable[[], None]]) -> list[Finding]:
    try:
        if take_away is not None:
            take_away()
    except ClodputerError as error:
        message = f"the probe could not be taken away again: {error.message}"
        return note(NAME, message, error.hint or "Run: clodputer install")
    return []


@contextmanager
def undisturbed() -> Iterator[None]:
    """Between a probe that is being sent and the knowledge of how it is taken away, nobody can stop us.

    Blocked and not ignored: what is started meanwhile is spared as well, and we obey afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave(number: int, _: object) -> None:
    """Stopped, or the terminal was closed: leave as after Ctrl-C, so that the probe is taken away."""
    raise SystemExit(128 + number)


def wait(path: str, name: str, until_begun: float, until_seen: float, tick: bool) -> Waited:
    """Until the probe was seen, or was given up: before its start, or some time after it."""
    begun_at = None
    started = monotonic()
    shown = ""
    while True:
        now = monotonic()
        waited = doctor_canary.poll(path, now - started)
        begun_at = now if waited.begun and begun_at is None else begun_at
        left = (started + until_begun if begun_at is None else begun_at + until_seen) - now
        if waited.seen is not None or left <= 0:
            break
        what = "looking around" if waited.begun else f"waiting for {name} to start it"
        if tick and shown != (text := f"probe: {what}, {left:.0f} s left"):
            shown = text
            sys.stderr.write(f"\r{text}\x1b[K")
            sys.stderr.flush()
        sleep(GLANCE)
    if shown:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
    return waited


def ticks() -> bool:
    """Whether there is a terminal in which seconds can be counted."""
    return is_terminal(sys.stderr) and os.environ.get("TERM", "dumb") != "dumb"
