"""What a run needs set up before it and undone after it: one module for each resource, found by name in what is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional, Protocol

from clodputer.isolate import awake, container, ports, sandbox, scratch, worktree
from clodputer.isolate.prepared import Prepared
from clodputer.model.config.keys import Key
from clodputer.model.errors import ClodputerError
from clodputer.model.run import Launch
from clodputer.model.task import Task

# All that is needed to undo a resource, as JSON values; it is recorded before the resource is made.
Token = dict[str, Any]


class Resource(Protocol):
    """What the module of every resource has."""

    # The keys of a task file that belong to it.
    KEYS: tuple[Key, ...]
    # Whether making it takes so long that it is entered only after the turn of admission, when the task's templates are filled
    # in: its token then has `folder`, the task's working directory, and `continues`, the run whose session is gone on with.
    LATE: bool
    # Whether it may outlive the run: what follows the run decides, and undoes it.
    STAYS: bool

    def plan(self, task: Optional[Task], environ: Mapping[str, str], run_id: str) -> Optional[Token]:
        """What would be made for a run of an exec with that environment, None for nothing; nothing is made yet.

        task: None when it is not known, because the run was cut off: then what it may have left. Raises ClodputerError when it
        cannot be made, whichever the request: such a run is not begun.
        """

    def enter(self, token: Token) -> Prepared:
        """Make what was planned. Raises OSError, and ClodputerError with a code of CODES when the run cannot be started."""

    def undo(self, token: Token) -> None:
        """Take away what was made of the plan, also when nothing was, or when it was taken away before. Never raises."""


# In the order in which they are entered; they are undone in reverse.
RESOURCES: dict[str, Resource] = {
    "scratch": scratch,
    "awake": awake,
    "ports": ports,
    "worktree": worktree,
    "container": container,
    "sandbox": sandbox,
}
# How a program is started within what a resource has prepared, for those that have put something into `Prepared.within`.
AROUND = {"container": container.around}
# Codes of errors of resources that are reasons of runs as well (model/outcome.py).
CODES = frozenset(
    (ports.NONE_FREE, worktree.CANNOT, worktree.BUSY, container.CANNOT, container.NOT_BUILT, sandbox.CANNOT)
)


class Planned(NamedTuple):
    """A resource by its name, and what it is about to make."""

    name: str
    token: Token


def plan(task: Optional[Task], environ: Mapping[str, str], run_id: str) -> tuple[Planned, ...]:
    """All that a run of a task needs; the task may not be known any more. Raises ClodputerError."""
    tokens = ((name, resource.plan(task, environ, run_id)) for name, resource in RESOURCES.items())
    return tuple(Planned(name, token) for name, token in tokens if token is not None)


def enter(planned: Planned) -> Prepared:
    """Make it. Raises OSError, and ClodputerError with a code of CODES when the run cannot be started."""
    return RESOURCES[planned.name].enter(planned.token)


def late(planned: Planned) -> bool:
    """Whether it is entered after admission, when the task's templates are filled in."""
    return RESOURCES[planned.name].LATE


def stays(planned: Planned) -> bool:
    """Whether it is undone only when it is known what follows the run."""
    return RESOURCES[planned.name].STAYS


def around(launch: Launch, use: str = "") -> Launch:
    """The launch that is really started: its program within all that was prepared for the run.

    use: what the program is for, when it is not the agent: the name of its folder in that of the run.
    """
    for name, facts in launch.within.items():
        launch = AROUND[name](facts, launch, use)
    return launch


def undo(planned: Iterable[Planned]) -> None:
    """Undo all of it, the last first; what is not known is passed over. May be repeated, and never raises."""
    for name, token in reversed(tuple(planned)):
        if name in RESOURCES:
            RESOURCES[name].undo(token)


def left(values: Any, environ: Mapping[str, str], run_id: str) -> tuple[Planned, ...]:
    """What may be left of a run: what was recorded, or what would be made for it here if no record is there.

    A power cut can empty the record although the resources, made after it, are on disk. Never raises.
    """
    if isinstance(values, (list, tuple)):
        return recorded(values)
    try:
        return plan(None, environ, run_id)
    except ClodputerError:
        return ()


def recorded(values: Any) -> tuple[Planned, ...]:
    """What JSON says about plans that were recorded as `[[name, token], ...]`; whatever else is there is left out."""
    return tuple(
        Planned(str(value[0]), value[1])
        for value in (values if isinstance(values, (list, tuple)) else ())
        if isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[1], dict)
    )
