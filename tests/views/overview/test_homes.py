"""Several homes in one view: of what files alone say, and without a trace in any of them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.model.text.moment import iso
from clodputer.store import holds
from clodputer.store.holds import EVERYTHING, Hold
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.views.overview.homes import together
from tests.system import execs
from tests.wait import until
from tests.workshop import alive, command_task, drop, make_home, start


def files(*folders: Path) -> list[tuple[str, int, int]]:
    """Every file below these folders, with its size and the time of its last change."""
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            status = path.lstat()
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return found


def one(path: str, now: float | None = None) -> dict[str, Any]:
    """What is said of one home."""
    (found,) = together([path], time() if now is None else now, 5)["homes"]
    return dict(found)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with runs of today and of last week, a hold, a request that waits and one that was rejected."""
    home = make_home(tmp_path)
    Path(home.config).write_text("machine: studio\nrequire: {disk_free: 1KB}\n")
    command_task(home, "good", "/bin/true", more="trigger: {type: interval, every: 1h}\n")
    command_task(home, "bad", "/bin/sh", "-c", "echo no use >&2; exit 3")
    drop(home, "a.json", json.dumps({"task": "bad", "id": "bad-1"}))
    drop(home, "b.json", json.dumps({"task": "nobody", "id": "nobody-1"}))
    execs.run(home, "exec")
    log = Path(home.log)
    (ended,) = (line for line in log.read_text().splitlines() if '"finished"' in line)
    run_id = runs.new_id(time() - 3 * 86400, "good-1")
    earlier = {"task": "good", "run_id": run_id, "timestamp": iso(time() - 3 * 86400), "cost_usd": 0.25}
    log.write_text(f"{json.dumps({**json.loads(ended), **earlier})}\n{log.read_text()}")
    holds.place(home, EVERYTHING, Hold("user", "holiday", time(), None))
    drop(home, "c.json", json.dumps({"task": "good", "id": "good-2"}))
    return home


def test_what_is_said_of_a_home(home: Home, tmp_path: Path) -> None:
    """Of the home itself and of a copy of it that cannot be written to, the same; and nothing is left in either."""
    copy = tmp_path / "copy"
    shutil.copytree(home.root, copy, symlinks=True)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    before = files(copy, Path(home.root))
    try:
        found = together([home.root, str(copy)], time(), 5)["homes"]
        assert files(copy, Path(home.root)) == before
    finally:
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o700)
    for said in found:
        assert (said["machine"], said["error"], said["running"]) == ("studio", None, [])
        assert said["waiting"] == {"dropped": 1, "queued": 0, "delayed": 0}
        assert (said["rejected"], said["dead"]) == (1, 0)
        assert [hold["message"] for hold in said["holds"]] == ["holiday"]
        assert [run["task"] for run in said["last_runs"]] == ["bad", "good"]
        assert said["cost_usd"] == {"today": 0.0, "last_7_days": 0.25}
        kinds = [need["kind"] for need in said["needs"]]
        assert kinds == ["hold", "rejected", "failed", "failed"]
        assert said["seen_at"]
    assert {**found[0], "home": ""} == {**found[1], "home": ""}


def test_a_home_that_nobody_looks_after(home: Home) -> None:
    """Its tasks have times, and for more than a day nothing was written."""
    assert "silent" not in [need["kind"] for need in one(home.root)["needs"]]
    assert "silent" in [need["kind"] for need in one(home.root, time() + 2 * 86400)["needs"]]


def test_a_run_is_shown_without_a_judgement_of_its_processes(tmp_path: Path) -> None:
    """Whether it goes on only its machine knows: of a copy the same is said as of the home."""
    home = make_home(tmp_path)
    command_task(home, "long", "/bin/sh", "-c", f"echo $$ >{tmp_path}/began; exec sleep 60")
    drop(home, "a.json", json.dumps({"task": "long", "id": "long-1"}))
    process = start(home, "exec")
    began = tmp_path / "began"
    until(lambda: began.exists() and began.read_text().strip())
    shutil.copytree(home.root, tmp_path / "copy", symlinks=True)
    for said in together([home.root, str(tmp_path / "copy")], time(), 5)["homes"]:
        (running,) = said["running"]
        assert (running["task"], running["lane"], running["job"]) == ("long", "default", None)
        assert running["elapsed_seconds"] >= 0
    process.terminate()
    process.communicate(timeout=60)
    until(lambda: not alive(int(began.read_text())))


@pytest.mark.parametrize("case", ["nowhere", "no home", "newer", "a file"])
def test_one_that_cannot_be_read_hides_no_other(home: Home, tmp_path: Path, case: str) -> None:
    """It says why, in JSON and on the screen, and the others are shown."""
    place = tmp_path / "other"
    if case == "a file":
        place.write_text("")
    elif case != "nowhere":
        shutil.copytree(home.root, place)
    if case == "no home":
        shutil.rmtree(place / "spool")
    if case == "newer":
        (place / "format").write_text("99\n")
    ended = execs.call(home, "status", "--from", str(place), home.root)
    assert ended.status == 1
    assert "cannot be read" in ended.stdout
    assert "studio" in ended.stdout
    assert "the last run of bad failed" in ended.stdout
    assert f"{place}:" in ended.stdout


@pytest.mark.parametrize("arguments", [("--from",), (".",), ("--from", ".", "--watch")])
def test_what_does_not_go_together(home: Home, arguments: tuple[str, ...]) -> None:
    """A mistake of the command line, which says what is right."""
    ended = execs.call(home, "status", *arguments)
    assert ended.status == 2
    assert "--from needs" in ended.stderr


def test_text_from_outside_is_harmless(home: Home) -> None:
    """A name of a machine with control characters."""
    Path(home.config).write_text('machine: "a\\e[2Jb"\n')
    os.utime(home.config)
    assert "\x1b" not in execs.run(home, "status", "--from", home.root)
