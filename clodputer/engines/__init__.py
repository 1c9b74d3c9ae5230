"""What runs a lane's requests elsewhere: one module for each engine of jobs, found by name, with the functions of `Engine`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from clodputer.model.config.keys import Key
from clodputer.model.engine.job import Job
from clodputer.model.engine.keys import OF


class Order(NamedTuple):
    """A job that is to be submitted. name: no other job has it. settings: of the lane.

    program: what starts Clodputer on this machine, and variables: with what in its environment; arguments: what it is to do.
    home: the folder of the home, as the job sees it. log: the file for what the program prints.
    """

    name: str
    request_id: str
    task: str
    home: str
    log: str
    program: Sequence[str]
    arguments: Sequence[str]
    variables: Mapping[str, str]
    settings: Mapping[str, Any]


class Engine(Protocol):
    """What the module of every engine has. Its programs are run for a bounded time, and so much of their answers is read."""

    # The keys of a lane that belong to it alone.
    KEYS: tuple[Key, ...]

    def submit(self, order: Order, environ: Mapping[str, str]) -> str:
        """Submit a job; the engine's id of it. Raises Refused, after which a job of that name may still be there.

        That a job of that name exists already is no failure: no other has the name.
        """

    def look(
        self, names: Sequence[str], settings: Mapping[str, Any], environ: Mapping[str, str]
    ) -> dict[str, Job]:
        """Those of these names that the engine knows, by name. Raises Refused when it cannot say."""

    def cancel(self, job: Job, settings: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        """End a job; one that is gone is ended. Raises Refused."""

    def printed(self, job: Job, _log: str) -> str:
        """Where a person reads what a job printed; `_log`: the file that its order named."""


def load(name: str) -> Engine:
    """The engine of that name, which is one of `OF`."""
    if name not in OF:
        raise ValueError(f"there is no engine {name!r}")
    return cast(Engine, import_module(f"{__name__}.{name}"))
