"""On which machines a task runs, decided purely: its key, the names of a machine, and whether one of them is meant."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from clodputer.model.config.keys import TEXTS, Key
from clodputer.model.config.keyvalue import one_word

KEY = Key(
    "machines",
    TEXTS,
    (),
    "The machines on which the task runs, by their host names or by the `machine` of their `config.yaml`. On others it has no "
    "alarm, its triggers do not look, and requests for it wait: "
    "[Tasks of single machines](beyond-one-machine.md#tasks-of-single-machines).",
    smallest=1,
    check=one_word,
    absent="all",
    example=["studio"],
)


def names(host: str, machine: str) -> frozenset[str]:
    """All names of a machine, for comparing. host: its host name; machine: what config.yaml calls it, or ""."""
    return frozenset(name.lower() for name in (host, host.partition(".")[0], machine) if name)


def fits(machines: Collection[str], known: frozenset[str]) -> bool:
    """Whether a task that names these machines runs on the one that has these names. Letters may be small or not."""
    return not machines or any(name.lower() in known for name in machines)


def sentence(machines: Sequence[str], known: frozenset[str]) -> str:
    """Where a task runs, and where it does not, without the full stop."""
    here = max(known, key=len, default="another one")
    return f"it runs on {' and '.join(machines)} only, and this machine is {here}"
