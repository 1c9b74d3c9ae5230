"""The fast door of `statusline`, which Claude Code calls at every turn: keeps how much is used, and prints one line."""

# Neither click nor anything of tasks is imported: whoever works with Claude Code waits for this several times a minute.
from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from select import select
from typing import Any, NamedTuple, Optional

from clodputer.cli.terminal.printable import one_line
from clodputer.model.config.account import account_in
from clodputer.model.gates.usage import (
    LENGTHS,
    STATUS_LINE,
    Readings,
    Share,
    Shares,
    in_force,
    is_account,
    share,
    with_shares,
)
from clodputer.model.text.jsontext import loads
from clodputer.store import usage
from clodputer.store.home import locate, usable

# What Claude Code 2.1.332 writes takes some 2 KB, and it closes our stdin at once; in bytes and seconds.
LARGEST = 1024 * 1024
PATIENCE = 2.0

SHORT = {"five_hour": "5h", "seven_day": "7d"}
DAY = 86400.0
LONGEST_MODEL = 40
NOTHING_GIVEN = "This is for Claude Code, which gives it JSON. To set it up: clodputer statusline --snippet"


class Wanted(NamedTuple):
    """account: whose use it is; empty: as the environment says. command: a status line of the person's own, or empty."""

    account: str = ""
    command: tuple[str, ...] = ()


def parse(arguments: list[str]) -> Optional[Wanted]:
    """The plain forms of the options; None sends the rest (help, mistakes) to click."""
    account, rest = "", list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return Wanted(account, tuple(rest)) if rest else None
        if word != "--account" or not rest or not is_account(rest[0]):
            return None
        account = rest.pop(0)
    return Wanted(account)


def show(wanted: Wanted) -> int:
    """Keep what stdin says and print a line. Always 0, and never a traceback: that would be in a person's terminal."""
    with suppress(Exception, KeyboardInterrupt):
        if os.isatty(0):
            print(NOTHING_GIVEN)
            return 0
    given, line = b"", b""
    with suppress(Exception, KeyboardInterrupt):
        given = _given()
    with suppress(Exception, KeyboardInterrupt):
        line = words(given, wanted.account, os.environ, time.time()).encode("utf-8", "replace")
    with suppress(Exception, KeyboardInterrupt):
        if wanted.command:
            from clodputer.cli import wrapped

            line = wrapped.output(wanted.command, given) or line
    with suppress(Exception, KeyboardInterrupt):
        sys.stdout.buffer.write(line.rstrip(b"\n") + b"\n")
        sys.stdout.flush()
    return 0


def shares_in(said: Any) -> dict[str, Share]:
    """How much of each window is used, by `rate_limits` of what a status line is given (Claude Code 2.1.80 and later).

    Subscriptions have it, from the first answer of a session on. It says percent, and epoch seconds.
    """
    windows = said.get("rate_limits") if isinstance(said, dict) else None
    found = {}
    for kind in LENGTHS:
        window = windows.get(kind) if isinstance(windows, dict) else None
        if isinstance(window, dict):
            seen = share(window.get("used_percentage"), window.get("resets_at"))
            if seen is not None:
                found[kind] = seen
    return found


def _given() -> bytes:
    """What is on stdin, up to LARGEST bytes, and what has come after PATIENCE seconds. Raises OSError."""
    parts, size, deadline = [], 0, time.monotonic() + PATIENCE
    while size < LARGEST:
        left = deadline - time.monotonic()
        if left <= 0 or not select([0], [], [], left)[0]:
            break
        part = os.read(0, min(65536, LARGEST - size))
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def words(given: bytes, account: str, environ: Mapping[str, str], now: float) -> str:
    """Keep what was given on stdin, and say it in one line. account: whose it is; empty: as the environment says."""
    said: Any = None
    with suppress(ValueError):
        said = loads(given.decode("utf-8", "replace"))
    shares = shares_in(said)
    known: Readings = with_shares({}, shares, STATUS_LINE, now)
    account = account or account_in(environ)
    if account:
        with suppress(OSError):
            known = _kept(account, shares, environ, now) or known
    model = said.get("model") if isinstance(said, dict) else None
    name = model.get("display_name") if isinstance(model, dict) else None
    parts = [one_line(name, LONGEST_MODEL)] if isinstance(name, str) and name.strip() else []
    parts += [
        _window(kind, known[kind].used, known[kind].resets_at, now) for kind in LENGTHS if kind in known
    ]
    return " · ".join(parts)


def _kept(account: str, shares: Shares, environ: Mapping[str, str], now: float) -> Readings:
    """What is known of the account, after these shares were kept. Raises OSError."""
    home = locate(environ)
    if not usable(home):
        return {}
    if shares:
        usage.keep(home, account, shares, STATUS_LINE, now)
    return in_force(usage.read(home, account).readings, now)


def _window(kind: str, used: float, resets_at: float, now: float) -> str:
    """`5h 42% until 14:20`, `7d 63% until Mon 09:00`."""
    form = "%H:%M" if resets_at - now < DAY else "%a %H:%M"
    return f"{SHORT[kind]} {used:.0f}% until {time.strftime(form, time.localtime(resets_at))}"
