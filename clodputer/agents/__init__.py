"""What runs a task: one module for each kind, found by name, each with the functions of `Agent`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from typing import Any, Optional, Protocol

from clodputer.agents.needs import Needs
from clodputer.agents.own import Own
from clodputer.model import agent as known
from clodputer.model.config.keys import Key
from clodputer.model.run import Description, Ended, Facts, Launch, Progress, Report
from clodputer.model.task import Task


class Agent(Protocol):
    """What an agent's module has."""

    # The keys of a task file that not every agent takes. One that several take is the same value in the table of each.
    KEYS: tuple[Key, ...]
    # Of the keys that every task may have, those that this agent can do nothing with, each with what to say of it.
    CANNOT: Mapping[str, str]
    # How its program is found and logged in; None for one that the doctor has checks of its own for, or none.
    OWN: Optional[Own]

    def launch(self, task: Task, facts: Facts) -> Launch:
        """How to start it. Raises ClodputerError with code "not_started" when it cannot be."""

    def warnings(self, task: Task, facts: Facts) -> Iterator[tuple[str, str]]:
        """What a task file may say and cannot work as things are: a key and a sentence for each. May look at files."""

    def faults(self, keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What the keys of a task file ask of it that it cannot do: a key and a sentence for each. Pure."""

    def takes(self, task: Task, names: Collection[str], environ: Mapping[str, str]) -> list[str]:
        """Those of these variables that it takes from secrets although no text of the task names them: logins."""

    def restrictions(self, task: Task) -> str:
        """What a run of the task may not do because text from outside comes into its prompt, in words for people. Pure."""

    def rights(self, task: Task, fed_by: tuple[str, ...]) -> dict[str, Any]:
        """What a run of the task may do, for its memory (`model.memory.rights`). fed_by: as in `Facts`. Pure."""

    def needs(self, task: Task, launch: Launch) -> Needs:
        """What it cannot work without, when all else is kept from it by a sandbox. Pure."""

    def begin(self, task: Task) -> Progress:
        """The progress before the first byte."""

    def observe(self, progress: Progress, lines: bytes) -> Progress:
        """The progress after one or more further lines of its stdout, the last perhaps without its newline. Never raises."""

    def describe(self, line: bytes) -> Description:
        """What a line of its stdout means to a reader of the conversation. Pure, and never raises."""

    def interpret(self, task: Task, facts: Facts, launch: Launch, progress: Progress, ended: Ended) -> Report:
        """What the run amounts to, expectations of the task aside. Pure."""


KINDS = tuple(known.KINDS)


def load(kind: str) -> Agent:
    """The module of an agent kind, imported when it is first wanted. Raises KeyError for an unknown one."""
    if kind not in KINDS:
        raise KeyError(kind)
    agent: Agent = import_module(f"clodputer.agents.{kind}")
    return agent
