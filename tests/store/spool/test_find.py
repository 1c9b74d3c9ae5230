"""Find: an id, the beginning or the end of one, means the same whatever command it is given to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Place
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import find, layout, queue
from clodputer.store.spool.find import DEAD, EVERYWHERE, REJECTED, RUN, UNENDED
from tests.workshop import drop, make_home

FIRST, SECOND, OTHER = (
    runs.new_id(1_790_000_000.0, "aaaa1111"),
    runs.new_id(1_790_000_100.0, "aaaa1111"),
    runs.new_id(1_790_090_000.0, "bbbb2222"),
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two attempts of one request, which was given up; another run; one that waits; one dropped; two that were rejected."""
    home = make_home(tmp_path)
    for task, run_id in (("nightly", FIRST), ("nightly", SECOND), ("greet", OTHER)):
        Path(runs.folder(home, task, run_id)).mkdir(parents=True)
    Path(home.dead, "aaaa1111.a.json").write_text("{}")
    layout.make_lane(home, "default")
    Path(queue.path(home, "default", Place(1, 3, "cccc3333", "c.json"))).write_text("{}")
    drop(home, "d.json", '{"id": "dddd4444"}')
    Path(home.rejected, "e.json").write_text(json.dumps({"id": "eeee5555", "tsk": 1}))
    Path(home.rejected, "2.e.json").write_text("{")
    return home


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("aaaa1111", [(RUN, SECOND), (DEAD, "aaaa1111")]),
        ("aaaa", [(RUN, SECOND), (DEAD, "aaaa1111")]),
        ("1111", [(RUN, SECOND), (DEAD, "aaaa1111")]),
        (FIRST, [(RUN, FIRST)]),
        (FIRST[:15], [(RUN, FIRST)]),
        (FIRST[-20:], [(RUN, FIRST)]),
        (FIRST[:8], [(RUN, SECOND), (RUN, FIRST)]),
        ("2222", [(RUN, OTHER)]),
        ("cccc", [("queued", "cccc3333")]),
        ("3333", [("queued", "cccc3333")]),
        ("dddd4", [("dropped", "dddd4444")]),
        ("d.json", [("dropped", "dddd4444")]),
        ("eeee", [(REJECTED, "eeee5555")]),
        ("e", [(REJECTED, "eeee5555")]),
        ("e.json", [(REJECTED, "eeee5555")]),
        ("2.e.json", [(REJECTED, "")]),
        ("rejected/2.e.json", [(REJECTED, "")]),
        ("dead/aaaa1111.a.json", [(DEAD, "aaaa1111")]),
        ("nobody", []),
        ("", []),
    ],
)
def test_what_is_meant(home: Home, wanted: str, found: list[tuple[str, str]]) -> None:
    told = [(one.state, one.run_id or one.id) for one in find.fitting(home, wanted, EVERYWHERE)]
    assert told == found


def test_only_the_places_that_are_asked_for(home: Home) -> None:
    assert [one.state for one in find.fitting(home, "1111", (DEAD,))] == [DEAD]
    assert find.fitting(home, "1111", (*UNENDED, REJECTED)) == []


def test_what_bears_one_id_is_one(home: Home) -> None:
    """Its run comes before its file, as the places were given; what bears several is listed."""
    one = find.the_one("1111", find.fitting(home, "1111", EVERYWHERE))
    assert one is not None
    assert (one.state, one.run_id) == (RUN, SECOND)
    assert find.the_one("nobody", []) is None
    Path(home.closed, "1111aaaa.x.json").write_text("{}")
    with pytest.raises(ClodputerError) as caught:
        find.the_one("1111", find.fitting(home, "1111", EVERYWHERE))
    assert caught.value.code == "ambiguous"
    told = f"3 runs and requests fit '1111': {SECOND} (nightly), aaaa1111 (dead), 1111aaaa (closed)"
    assert caught.value.message == told


def test_a_crowd_is_shortened(home: Home) -> None:
    for number in range(30):
        Path(home.dead, f"many-{number:04}.x.json").write_text("{}")
    with pytest.raises(ClodputerError, match=r"30 requests fit 'many': many-.*, \.\.\.\n"):
        find.the_one("many", find.fitting(home, "many", EVERYWHERE))
