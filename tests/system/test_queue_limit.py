"""`queue_limit`: while so much waits in a lane its sources look no further, all else is taken, and it goes away by itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from clodputer.store import look
from clodputer.store.home import Home
from tests.workshop import clodputer, command_task, drop, execute, make_home, records

LIMIT = "it does not look while as many requests wait in lane narrow as its queue_limit allows"


def prepared(tmp_path: Path) -> tuple[Home, Path]:
    """Two watched folders, in a lane with a limit of two and in one without; they were looked at, and are empty."""
    home, folder = make_home(tmp_path), tmp_path / "in"
    Path(home.config).write_text("lanes: {narrow: {queue_limit: 2, slots: 2}}\n")
    for name, more in (("fed", "lane: narrow\n"), ("wide", "lane: wide\n")):
        (folder / name).mkdir(parents=True)
        trigger = {"type": "file_watch", "path": str(folder / name), "debounce": "1s"}
        command_task(home, name, "/bin/true", more=f"{more}trigger: {json.dumps(trigger)}\n")
    execute(home)
    return home, folder


def looked(home: Home) -> None:
    """An exec at a time at which all is to be looked at."""
    for name in ("fed", "wide"):
        look.forget(home, f"{name}.yaml")
    execute(home)


def lane(home: Home, name: str) -> dict[str, Any]:
    """What status says of a lane."""
    lanes = json.loads(clodputer(home, "status", "--json")[0])["data"]["waiting"]["lanes"]
    return next(one for one in lanes if one["lane"] == name)


def test_sources_stop_and_drops_are_taken(tmp_path: Path) -> None:
    """Requests that wait for their time count as well; the other lane goes on."""
    home, folder = prepared(tmp_path)
    for number in range(2):
        later = {"task": "fed", "id": f"later-000{number}", "not_before": "2099-01-01T00:00:00Z"}
        drop(home, f"later{number}.json", json.dumps(later))
    execute(home)
    assert (lane(home, "narrow")["delayed"], lane(home, "narrow")["full"]) == (2, True)
    for name in ("fed", "wide"):
        (folder / name / "new.txt").write_text("x")
        # It has been quiet for long enough.
        os.utime(folder / name / "new.txt", (1_700_000_000, 1_700_000_000))
    looked(home)
    assert (len(records(home, "fed")), len(records(home, "wide"))) == (0, 1)
    assert "as many as its queue_limit allows" in " ".join(clodputer(home, "status")[0].split())
    assert LIMIT in " ".join(clodputer(home, "why", "fed")[0].split())
    assert LIMIT not in " ".join(clodputer(home, "why", "wide")[0].split())

    # What somebody drops is taken, and runs, however much waits.
    drop(home, "now.json", '{"task": "fed", "id": "now-0001"}')
    execute(home)
    assert [record["request_id"] for record in records(home, "fed")] == ["now-0001"]
    assert lane(home, "narrow")["full"] is True

    # Below the limit the source looks, and what came meanwhile is found.
    clodputer(home, "cancel", "later-0000")
    assert lane(home, "narrow")["full"] is False
    assert LIMIT not in " ".join(clodputer(home, "why", "fed")[0].split())
    looked(home)
    assert len(records(home, "fed")) == 2
