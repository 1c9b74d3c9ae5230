"""What is known of a request's runs: kept for good, and made from the records again when the file is lost or damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.runs.attempts import NONE, Attempts, past, to_json
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool.requests import attempts
from tests.workshop import make_home

ID = "abcd1234"
KNOWN = Attempts(
    3, (past("r1", 1, "failed", "offline", "No network.", "2027-01-15T08:00:00Z", "half", ["a"]),)
)


def recorded(home: Home, number: int, *effects: Any, attempt: Any = 1) -> None:
    """The record of the request's `number`-th run."""
    folder = runs.folder(home, "work", f"20270115T08000{number}.000Z-{ID}")
    os.makedirs(folder)
    Path(folder, "record.json").write_text(json.dumps({"attempt": attempt, "effects": list(effects)}))


def retry(known: Attempts) -> dict[str, Any]:
    return {"effect": "retry", "attempts": to_json(known)}


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    assert attempts.read(home, "work", ID) == NONE
    attempts.write(home, ID, KNOWN)
    assert attempts.read(home, "work", ID) == KNOWN
    assert attempts.ids(home) == {ID}
    attempts.forget(home, ID)
    attempts.forget(home, ID)
    assert attempts.read(home, "work", ID) == NONE


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"attempt": -4, "windows": 0, "story": []}', "\x00\xff", None]
)
def test_a_lost_or_damaged_file_is_made_from_the_record(tmp_path: Path, content: str | None) -> None:
    """The latest record says what the file had to say, so no attempt is forgotten."""
    home = make_home(tmp_path)
    attempts.write(home, ID, KNOWN)
    recorded(home, 1, retry(KNOWN._replace(attempt=2)))
    recorded(home, 2, {"effect": "hold"}, retry(KNOWN))
    path = Path(home.spool, "attempts", f"{ID}.json")
    path.unlink() if content is None else path.write_text(content)
    assert attempts.read(home, "work", ID) == KNOWN


def test_a_folder_in_its_place_stops_nothing(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    os.makedirs(f"{home.spool}/attempts/{ID}.json")
    assert attempts.read(home, "work", ID) == NONE


def test_a_run_that_was_put_back_counts(tmp_path: Path) -> None:
    """It keeps its number, and what was known before it."""
    home = make_home(tmp_path)
    recorded(home, 1, retry(KNOWN._replace(attempt=2)))
    recorded(home, 2, {"effect": "put_back"}, attempt=2)
    assert attempts.read(home, "work", ID) == KNOWN._replace(attempt=2)


@pytest.mark.parametrize("effect", ["finish", "bury"])
def test_an_earlier_request_of_that_id_says_nothing(tmp_path: Path, effect: str) -> None:
    """It has ended, and this one is another."""
    home = make_home(tmp_path)
    recorded(home, 1, retry(KNOWN))
    recorded(home, 2, {"effect": effect}, attempt=3)
    assert attempts.read(home, "work", ID) == NONE


@pytest.mark.parametrize(
    "effects", [5, None, [5], [{"effect": "retry"}], [{"effect": "retry", "attempts": []}]]
)
def test_a_record_that_somebody_has_edited_still_counts(tmp_path: Path, effects: Any) -> None:
    """What can be read of it holds."""
    home = make_home(tmp_path)
    recorded(home, 1, attempt=4)
    path = Path(runs.folder(home, "work", f"20270115T080001.000Z-{ID}"), "record.json")
    path.write_text(json.dumps({"attempt": 4, "effects": effects}))
    assert attempts.read(home, "work", ID) == Attempts(4)
