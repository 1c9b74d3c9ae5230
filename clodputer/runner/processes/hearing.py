"""Hearing: what a run says of its account's usage windows is kept while it goes on, for all others that draw on them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from time import time

from clodputer.agents import Agent
from clodputer.model.gates.usage import STREAM, Share
from clodputer.model.run import Progress
from clodputer.store import usage
from clodputer.store.home import Home


class Hearing:
    """The part of an agent that hears what the run says; `account` is what the run draws on."""

    def __init__(self, home: Home, account: str, agent: Agent) -> None:
        self._home, self._account, self._agent = home, account, agent
        self._kept: Mapping[str, Share] = {}

    def observe(self, progress: Progress, lines: bytes) -> Progress:
        """As `Agent.observe`."""
        after = self._agent.observe(progress, lines)
        if self._account and after.shares != self._kept:
            self._kept = after.shares
            # A full disk is no reason to end a run that goes well, and the next run says it again.
            with suppress(OSError):
                usage.keep(self._home, self._account, after.shares, STREAM, time())
        return after
