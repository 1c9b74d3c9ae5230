"""Blocks of ports: each run has one of its own, in which nobody listens, and no kill leaves one without an owner."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from clodputer.isolate import ports as resource
from clodputer.isolate.prepared import Prepared
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate import provision
from clodputer.model.task import Task
from clodputer.store.computer import ports
from clodputer.store.home import Home
from tests.killing import killed_at

RUN = "20270115T080000.123Z-abcd1234"


def token(folder: Path, run_id: str = RUN) -> dict[str, str]:
    return {"place": str(folder / "ports"), "run_id": run_id}


def base_of(prepared: Prepared) -> int:
    return int(prepared.environ[provision.VARIABLE])


def nobody(_numbers: object) -> bool:
    return False


def everybody(_numbers: object) -> bool:
    return True


@pytest.mark.parametrize(
    ("task", "wanted"),
    [
        (Task("a", ""), False),
        (Task("a", "", setup=("true",)), True),
        (Task("a", "", teardown=("true",)), True),
        (Task("a", "", isolation="worktree"), True),
        (None, True),  # of a run that was cut off: it may have had one
    ],
)
def test_which_runs_have_a_block(tmp_path: Path, task: Task | None, wanted: bool) -> None:
    environ = {"CLODPUTER_HOME": str(tmp_path)}
    planned = resource.plan(task, environ, RUN)
    assert planned == (token(tmp_path) if wanted else None)


def test_blocks_do_not_overlap_and_lie_below_the_ports_of_connections() -> None:
    bases = list(provision.bases())
    assert len(bases) == 127
    assert all(later - base == provision.BLOCK for base, later in zip(bases, bases[1:]))
    assert bases[-1] + provision.BLOCK - 1 <= provision.LAST_PORT < 32768


def test_many_runs_at_once(tmp_path: Path) -> None:
    """Each has another block, and all are free again afterwards."""
    runs = [f"{RUN}{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda run_id: ports.take(str(tmp_path), run_id, nobody), runs))
    assert len(set(taken)) == len(runs)
    for run_id in runs:
        ports.free(str(tmp_path), run_id)
        ports.free(str(tmp_path), run_id)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_block_in_which_somebody_listens_is_passed_over(tmp_path: Path, host: str) -> None:
    first = base_of(resource.enter(token(tmp_path)))
    resource.undo(token(tmp_path))
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, first + 57))
        listener.listen()
        assert resource.listened_to(range(first, first + 100))
        assert base_of(resource.enter(token(tmp_path))) != first
    assert not resource.listened_to(range(first, first + 100))


def test_when_none_is_free(tmp_path: Path) -> None:
    """A run is not started without one, and what was tried is given back."""
    assert ports.take(str(tmp_path / "ports"), RUN, everybody) is None
    assert os.listdir(tmp_path / "ports") == []
    for number in provision.bases():
        os.symlink("others", tmp_path / "ports" / str(number))
    with pytest.raises(ClodputerError) as failure:
        resource.enter(token(tmp_path))
    assert failure.value.code == resource.NONE_FREE


def test_killed_while_it_is_taken(tmp_path: Path) -> None:
    """Before each step: whatever is there is known as the run's, and goes when it is undone."""
    for step in range(1, 10):
        killed = killed_at(step, partial(resource.enter, token(tmp_path)))
        assert set(ports.taken(Home(str(tmp_path))).values()) <= {RUN}
        resource.undo(token(tmp_path))
        assert not os.path.isdir(tmp_path / "ports") or os.listdir(tmp_path / "ports") == []
        if not killed:
            break
    assert step == 3


def test_what_a_power_cut_left_is_swept(tmp_path: Path) -> None:
    """Blocks of runs that go on stay, and so does what is none of ours."""
    home = Home(str(tmp_path))
    kept = ports.take(home.ports, "going-on", nobody)
    ports.take(home.ports, "over", nobody)
    Path(home.ports, "note").touch()
    ports.sweep(home, lambda: {"going-on"})
    assert ports.taken(home) == {kept: "going-on"}
    assert sorted(os.listdir(home.ports)) == sorted([str(kept), "note"])
    ports.sweep(Home(str(tmp_path / "none")), set)
