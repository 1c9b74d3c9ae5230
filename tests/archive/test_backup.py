"""What a backup has and has not, and what a home restored from it does."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from clodputer.archive.backup import parts
from clodputer.archive.format import compress
from clodputer.store.home import Home, exists
from clodputer.store.lock import Lock
from clodputer.store.spool import layout
from clodputer.store.triggers import ledger
from clodputer.store.upkeep import purge
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    everything,
    execute,
    records,
    start,
    write_secrets,
    write_task,
)


def backup(home: Home, name: str = "home.tar", *more: str, status: int = 0) -> dict[str, Any]:
    """`clodputer backup` into the folder of the home; its data."""
    path = f"{os.path.dirname(home.root)}/{name}"
    data: dict[str, Any] = json.loads(clodputer(home, "backup", path, *more, "--json", status=status)[0])[
        "data"
    ]
    return data


def restored(home: Home, name: str = "home.tar") -> Home:
    """Another home, restored from that archive."""
    other = Home(f"{home.root}-restored")
    clodputer(other, "restore", f"{os.path.dirname(home.root)}/{name}")
    return other


def names(home: Home, name: str = "home.tar") -> set[str]:
    with tarfile.open(f"{os.path.dirname(home.root)}/{name}") as tar:
        return {member.name for member in tar}


def test_every_name_at_the_top_of_a_home_is_known_to_backups(home: Home) -> None:
    """Whoever adds one decides whether it is backed up."""
    top = {getattr(home, name)[len(home.root) + 1 :].split("/")[0] for name in vars(home) if name != "root"}
    assert {name for name in top | purge.OURS if not parts.is_known(name)} == set()


def test_a_folder_of_the_spool_that_backups_do_not_know_is_in_them_as_it_is(home: Home) -> None:
    os.mkdir(f"{home.spool}/later")
    Path(home.spool, "later", "x.json").write_text("{}")
    backup(home)
    assert "home/spool/later/x.json" in names(home)


def test_all_of_it_comes_back(home: Home) -> None:
    command_task(home, "work", "/bin/echo", "well", more="state: {}\n")
    write_task(home, "asks", "prompt_file: texts/long.md\n")
    Path(home.tasks, "texts").mkdir()
    Path(home.tasks, "texts", "long.md").write_text("Say hello.\n")
    Path(home.config).write_text("timeout: 7m\n")
    write_secrets(home, "TOKEN=abcdefghijk\n")
    drop(home, "work")
    drop(home, "wrong.json", '{"tsk": "x"}')
    execute(home)
    clodputer(home, "state", "set", "work", "n:=1")
    clodputer(home, "pause", "work")
    drop(home, "later.json", '{"task": "work", "id": "later-01"}')
    execute(home)
    drop(home, "fresh.json", '{"task": "work", "id": "fresh-01"}')
    data = backup(home)
    assert (data["manifest"]["waiting"], data["runs"], data["omitted"]) == (2, 1, [])
    other = restored(home)
    assert everything(other) == everything(home)
    for path in (
        "tasks/work.yaml",
        "tasks/texts/long.md",
        "config.yaml",
        "execution.log",
        "holds/task.work.json",
    ):
        assert Path(other.root, path).read_bytes() == Path(home.root, path).read_bytes()
    assert records(other, "work") == records(home, "work")
    assert clodputer(other, "state", "get", "work", "n")[0] == "1\n"
    assert not os.path.exists(other.secrets)
    assert stat.S_IMODE(os.stat(other.root).st_mode) == 0o700
    clodputer(other, "resume", "work")
    assert sorted(run["request_id"] for run in execute(other)["runs"]) == ["fresh-01", "later-01"]


@pytest.mark.parametrize(
    "name",
    [
        "x.tar",
        "x.tar.gz",
        pytest.param("x.tar.zst", marks=pytest.mark.skipif(not compress.has_zstd(), reason="no zstd here")),
    ],
)
def test_it_is_for_its_owner_alone_and_the_secrets_are_in_it_only_when_asked_for(
    home: Home, name: str
) -> None:
    write_secrets(home, "TOKEN=abcdefghijk\n")
    path = Path(os.path.dirname(home.root), name)
    path.touch(0o644)
    backup(home, name, "--with-secrets")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = restored(home, name)
    assert Path(other.secrets).read_text() == "TOKEN=abcdefghijk\n"
    assert stat.S_IMODE(os.stat(other.secrets).st_mode) == 0o600


def test_as_many_runs_as_are_asked_for(home: Home) -> None:
    command_task(home, "work", "/bin/true")
    drop(home, "work")
    execute(home)
    for records_, number in (("all", 1), ("none", 0), ("1h", 1), ("2099-01-01", 0)):
        assert backup(home, "home.tar", "--records", records_)["runs"] == number
        assert any(name.endswith("/record.json") for name in names(home)) == bool(number)
        assert "home/execution.log" in names(home)
    assert clodputer(home, "backup", "x.tar", "--records", "some", status=2)


def test_what_is_no_file_is_named_and_the_rest_is_there(home: Home) -> None:
    command_task(home, "work", "/bin/true")
    os.mkfifo(f"{home.tasks}/pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{home.new}/socket")
        os.symlink("nowhere", f"{home.tasks}/dangling")
        Path(home.root, "stranger").touch()
        data = backup(home, status=1)
    assert {one["path"] for one in data["omitted"]} == {
        "tasks/pipe",
        "tasks/dangling",
        "spool/new/socket",
        "stranger",
    }
    assert "home/tasks/work.yaml" in names(home)


def test_the_file_that_a_link_names_is_in_it(home: Home, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("prompt: hello\n")
    os.symlink(tmp_path / "mine.yaml", f"{home.tasks}/mine.yaml")
    backup(home)
    assert Path(restored(home).tasks, "mine.yaml").read_text() == "prompt: hello\n"


def test_not_into_what_is_backed_up(home: Home) -> None:
    for path in (f"{home.tasks}/x.tar", f"{home.root}/x.tar", f"{home.root}/none/x.tar", home.tasks):
        assert clodputer(home, "backup", path, status=1)
    os.mkdir(f"{home.root}/backup")
    clodputer(home, "backup", f"{home.root}/backup/x.tar.gz")


def test_a_run_that_goes_on_is_lost_where_it_is_restored_and_nobody_touches_it_here(
    home: Home, tmp_path: Path
) -> None:
    enough = tmp_path / "enough"
    command_task(home, "long", "/bin/sh", "-c", f"while [ ! -e {enough} ]; do sleep 0.05; done")
    drop(home, "long.json", '{"task": "long", "id": "long-001"}')
    going = start(home, "exec", "--json")
    until(lambda: events(home, "started"))
    try:
        data = backup(home)
        assert (data["manifest"]["waiting"], data["manifest"]["running"]) == (0, 1)
        other = restored(home)
        execute(other)
        assert [(one["outcome"], one["reason"]) for one in records(other, "long")] == [("lost", "exec_died")]
        assert "when the backup was made" in records(other, "long")[0]["message"]
        assert everything(other)["dead"][0] == "long-001.long.json"
    finally:
        enough.touch()
    stdout, _ = going.communicate(timeout=100)
    assert [run["outcome"] for run in json.loads(stdout)["data"]["runs"]] == ["succeeded"]


def test_a_home_is_replaced_only_when_asked_and_nothing_runs_in_it(home: Home) -> None:
    command_task(home, "old", "/bin/true")
    backup(home)
    os.rename(f"{home.tasks}/old.yaml", f"{home.tasks}/new.yaml")
    path = f"{os.path.dirname(home.root)}/home.tar"
    assert "--replace" in clodputer(home, "restore", path, status=1)[1]
    dry = json.loads(clodputer(home, "restore", path, "--dry-run", "--json")[0])["data"]
    assert (dry["added"], dry["changed"], dry["only_there"]) == (["tasks/old.yaml"], [], ["tasks/new.yaml"])
    with Lock(layout.slot_lock(home, "default", 0)) as held:
        assert held
        assert "going on" in clodputer(home, "restore", path, "--replace", status=1)[1]
    done = json.loads(clodputer(home, "restore", path, "--replace", "--json")[0])["data"]
    assert os.listdir(home.tasks) == ["old.yaml"]
    assert os.listdir(f"{done['moved_aside']}/tasks") == ["new.yaml"]


def test_slot_times_long_gone_are_caught_up_by_the_usual_rule(home: Home) -> None:
    """A ledger of weeks ago makes one run, not one for each time that went by."""
    command_task(home, "often", "/bin/true", more="trigger: {type: cron, schedule: '0 * * * *'}\n")
    execute(home)
    entry = ledger.entries(home, "often")[0]
    then = entry.accounted - 40 * 86400
    ledger.write(home, "often", 0, entry._replace(accounted=then, spans=((0.0, then),)))
    backup(home)
    other = restored(home)
    assert len(execute(other)["runs"]) == 1
    assert execute(other)["runs"] == []


def test_a_restored_home_may_be_a_link_to_another_disk(home: Home, tmp_path: Path) -> None:
    backup(home)
    (tmp_path / "disk").mkdir()
    os.symlink(tmp_path / "disk", f"{home.root}-restored")
    other = restored(home)
    assert os.path.islink(other.root)
    assert exists(other)


def test_standard_output(home: Home, tmp_path: Path) -> None:
    """The archive and nothing else; what there is to say is said on stderr."""
    ended = subprocess.run(
        [sys.executable, "-m", "clodputer", "backup", "-"],
        env=environment(home),
        capture_output=True,
        check=True,
    )
    (tmp_path / "x.tar.gz").write_bytes(ended.stdout)
    assert b"Backed up" in ended.stderr
    assert "home/format" in names(home, "x.tar.gz")
