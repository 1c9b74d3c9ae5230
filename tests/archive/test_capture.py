"""What a backup sees of a request that is about to be run: it is in one place, whatever its run does meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.archive.backup.capture import Capture, capture
from clodputer.archive.backup.held import Held
from clodputer.store.home import Home
from clodputer.store.spool import layout
from tests.workshop import make_home

RUN = "20261129T093151.391Z-abcd"


def seen(home: Home, ending: str) -> Capture:
    """A request in a slot, with a mark of that ending and the folder of its run."""
    layout.make_lane(home, "default")
    slot = Path(layout.slot(home, "default", 0))
    slot.mkdir(exist_ok=True)
    (slot / "100.3.abcd.x.json").write_text('{"task": "work"}')
    (slot / f"work@{RUN}{ending}").write_text("\n[]\n")
    Path(home.runs, "work", RUN).mkdir(parents=True)
    with Held(home.tmp) as held:
        return capture(home, held)


@pytest.mark.parametrize("ending", [".run", ".started"])
def test_the_folder_of_a_run_that_has_not_ended_is_not_copied_as_one_that_has(
    tmp_path: Path, ending: str
) -> None:
    """By the time it would be, the run may have ended in it, with the request."""
    home = make_home(tmp_path)
    found = seen(home, ending)
    assert found.sightings
    assert found.runs == frozenset()
    assert found.at_work == (frozenset() if ending == ".run" else frozenset({("work", RUN)}))
