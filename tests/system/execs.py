"""Execs that are killed before their N-th step, hundreds for one test."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from typing import Any, Optional

from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.spool import layout
from tests import warm
from tests.wait import until
from tests.warm import Ended
from tests.workshop import environment


def call(
    home: Home,
    *arguments: str,
    extra: Optional[Mapping[str, str]] = None,
    step: int | str | None = None,
) -> Ended:
    """A clodputer command, to be killed before its N-th step or the one of these words."""
    return warm.server().call(arguments, environment(home, extra), step)


def run(home: Home, *arguments: str, extra: Optional[Mapping[str, str]] = None) -> str:
    """A clodputer command run to its end, which must be a good one; its stdout."""
    ended = call(home, *arguments, extra=extra)
    assert ended.status == 0, ended
    return ended.stdout


def execute(home: Home, *arguments: str) -> dict[str, Any]:
    """`clodputer exec --json`, and its data."""
    data: dict[str, Any] = json.loads(run(home, "exec", "--json", *arguments))["data"]
    return data


def kill_at(home: Home, step: int | str, extra: Optional[Mapping[str, str]] = None) -> tuple[bool, str]:
    """Run exec to be killed before its N-th step, or the one of these words; whether it was, and which step that was.

    A keeper that was forked right before has the slot's lock, too, until it comes to run: this returns when it is free.
    """
    ended = call(home, "exec", extra=extra, step=step)
    assert ended.status in (0, -signal.SIGKILL), ended
    until(lambda: all(_free(home, lane) for lane in layout.lanes(home)))
    return ended.status != 0, ended.stdout.strip()


def _free(home: Home, lane: str) -> bool:
    for number in layout.slot_numbers(home, lane):
        with Lock(layout.slot_lock(home, lane, number)) as held:
            if not held:
                return False
    return True
