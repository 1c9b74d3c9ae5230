"""Cron as a scheduler: what is rendered, checked, installed, found again and taken away, by a crontab of the tests' own."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.task import Trigger
from clodputer.schedulers import cron, load
from clodputer.schedulers.cron.problems import daemon_problem
from clodputer.schedulers.unit import SPOOL, SWEEP, TASK, Alarm, Change, Frame, Unit, changes
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.cron_readback import faults
from tests.schedulers.crontabs import Crontab, every, frame, install, units

PERSONS = b"MAILTO=me\n0 0 * * * echo 100\\% | tee x\n\n# last"


def codes(place: Frame, wanted: Optional[list[Unit]] = None) -> list[str]:
    """What a doctor is told of the table, beside what is told of this machine."""
    found = cron.problems(place, units(place) if wanted is None else wanted, [])
    assert all(one.message and (one.hint or not one.fatal) for one in found)
    return [one.code for one in found if not one.code.startswith("cron_")]


def test_it_is_one_of_the_schedulers(place: Frame) -> None:
    """With all the functions of the contract."""
    assert load("cron").render(place, Alarm(SPOOL)).name == "spool"
    for name in ("answers", "render", "inspect", "apply", "start", "probe", "problems"):
        assert callable(getattr(cron, name))


def test_the_lines_of_each_kind(place: Frame) -> None:
    nightly = cron.render(place, alarm_of("nightly", (every("30 2 * * *"), every("0 0 1,15 * mon"))))
    assert nightly.files["task-nightly"] == (
        "# clodputer task-nightly: task nightly\n"
        f"30 2 * * * {place.shim} exec --task nightly\n"
        f"0 0 1,15 * * {place.shim} exec --task nightly\n"
        f"0 0 * * 1 {place.shim} exec --task nightly\n"
    )
    watcher = cron.render(place, alarm_of("Watcher", (Trigger("file_watch", {"path": "/x"}),), ("/x",)))
    assert list(watcher.files.values()) == [
        f"# clodputer {watcher.name}: task Watcher, by the line of every minute\n"
    ]
    assert cron.render(place, Alarm(SPOOL)).files["spool"].endswith(f"\n* * * * * {place.shim} exec\n")
    assert cron.render(place, Alarm(SWEEP)).files["sweep"].count("\n") == 1
    wanted = [nightly, watcher, *units(place)]
    assert faults(place, wanted) == []


@pytest.mark.parametrize(
    "name",
    ["a b", "a%b", 'a"b', "a'b", "a$b", "a;b", "a&b", "a\\b", "a*b", "a(b", "a\nb", "a#b", "a~b", "a" * 980],
)
def test_a_home_that_no_line_can_hold_is_refused(tmp_path: Path, name: str) -> None:
    """Before anything is written, with a way out."""
    place = Frame(f"{tmp_path}/{name}", str(tmp_path), f"{tmp_path}/{name}/bin/clodputer", {}, 300, "")
    with pytest.raises(ClodputerError) as caught:
        cron.render(place, Alarm(SPOOL))
    assert caught.value.code == "cron_words"
    assert caught.value.hint
    assert not cron.answers(place).usable


@pytest.mark.parametrize(
    "wrong",
    [
        "* * * * * {shim} exec",
        "# clodputer {name}: spool\n* * * * * {shim} exec",
        "# clodputer {name}: spool\n* * * * {shim} exec\n",
        "# clodputer {name}: spool\n* * * * * {shim} exec >/dev/null\n",
        "# clodputer {name}: spool\n*/2 * * * * {shim} exec\n",
        "# clodputer {name}: spool\n# END clodputer /x\n* * * * * {shim} exec\n",
    ],
)
def test_the_reading_back_sees_what_is_wrong(place: Frame, wrong: str) -> None:
    good = units(place, nightly="0 2 * * *")
    assert faults(place, good) == []
    spoilt = [
        one._replace(files={one.name: wrong.format(name=one.name, shim=place.shim)})
        if one.kind == SPOOL
        else one
        for one in good
    ]
    assert faults(place, spoilt)


@pytest.mark.parametrize("persons", [None, b"", PERSONS])
@pytest.mark.parametrize("kind", ["debian", "cronie", "busybox"])
def test_installed_found_changed_and_taken_away(
    table: Crontab, place: Frame, persons: Optional[bytes], kind: str
) -> None:
    """Each step is one writing of the crontab, and the last one leaves what there was, byte for byte."""
    table.kind(kind)
    table.content = persons
    told = install(place, units(place, nightly="30 2 * * *", hourly="0 * * * *"))
    assert [change.name for change in told] == ["task-nightly", "task-hourly", "spool", "sweep"]
    assert table.writes() == 1
    found = {one.name: one for one in cron.inspect(place)}
    assert (found["task-nightly"].kind, found["task-nightly"].task) == (TASK, "nightly")
    assert {(one.home, one.loaded, one.current) for one in found.values()} == {(place.home, True, True)}
    assert install(place, units(place, nightly="30 2 * * *", hourly="0 * * * *")) == []
    assert table.writes() == 1
    told = install(place, units(place, nightly="31 2 * * *"))
    assert [(change.verb, change.name) for change in told] == [
        ("remove", "task-hourly"),
        ("replace", "task-nightly"),
    ]
    assert table.writes() == 2
    install(place, [])
    # Debian's crontab takes no last line without its line break.
    assert table.content == (persons + b"\n" if persons and kind == "debian" else persons)
    assert cron.inspect(place) == []


def test_several_homes_do_not_touch_each_other(table: Crontab, tmp_path: Path) -> None:
    usual, other = frame(tmp_path), frame(tmp_path, "other")
    install(usual, units(usual, nightly="30 2 * * *"))
    install(other, units(other, nightly="30 3 * * *"))
    assert {one.name for one in cron.inspect(usual)} == {"task-nightly", "spool", "sweep"}
    assert {one.home for one in cron.inspect(usual, everywhere=True)} == {usual.home, other.home}
    assert not {one.name for one in cron.inspect(usual)} & {one.name for one in cron.inspect(other)}
    install(usual, [])
    assert len(cron.inspect(other)) == 3
    # What is left of a home that was deleted, taken away from another one.
    rest = [Change("remove", one.name, None, one) for one in cron.inspect(usual, everywhere=True)]
    assert cron.apply(usual, rest, lambda _: None) == []
    assert table.content is None


def test_nothing_to_do_asks_nothing(table: Crontab, place: Frame) -> None:
    assert cron.apply(place, [], lambda _: None) == []
    assert not (table.folder / "calls").exists()


def test_hand_edits_are_shown_and_undone_with_a_copy(table: Crontab, place: Frame) -> None:
    wanted = units(place, nightly="30 2 * * *")
    install(place, wanted)
    edited = (
        (table.content or b"")
        .replace(b"30 2 * * *", b"0 5 * * *")
        .replace(b"# clodputer", b"0 1 * * * x\n# clodputer", 1)
    )
    table.content = edited
    assert codes(place, wanted) == ["crontab_edited"]
    assert {(one.verb, one.name) for one in changes(wanted, cron.inspect(place))} == {
        ("remove", "stray-lines"),
        ("replace", "task-nightly"),
        ("reload", "spool"),
        ("reload", "sweep"),
    }
    install(place, wanted)
    assert codes(place, wanted) == []
    assert b"0 1 * * * x" not in (table.content or b"")
    assert edited in [path.read_bytes() for path in Path(place.home, "backup").glob("crontab.*")]


def test_an_edited_mark_is_put_right(table: Crontab, place: Frame) -> None:
    """Though all lines are as they should be."""
    wanted = units(place)
    install(place, wanted)
    good = table.content or b""
    at = good.index(b"sha256:") + 7
    table.content = good[:at] + b"0" * 8 + good[at + 8 :]
    install(place, wanted)
    assert table.content == good


def test_a_failure_is_told_and_no_change_is(table: Crontab, place: Frame) -> None:
    table.content = PERSONS
    table.kind("full")
    told: list[Change] = []
    (trouble,) = cron.apply(place, changes(units(place), []), told.append)
    assert (trouble.code, told, table.content) == ("crontab_refused", [], PERSONS)
    assert "No space left" in trouble.message


def test_no_copy_no_change(table: Crontab, place: Frame) -> None:
    table.content = PERSONS
    Path(place.home, "backup").write_text("in the way")
    (trouble,) = cron.apply(place, changes(units(place), []), lambda _: None)
    assert (trouble.code, table.content) == ("crontab_backup", PERSONS)
    with pytest.raises(ClodputerError) as caught:
        cron.probe(place, ["exec"])
    assert caught.value.code == "crontab_backup"


def test_unbalanced_marks_are_refused_everywhere(table: Crontab, place: Frame) -> None:
    install(place, units(place))
    table.content = (table.content or b"").replace(b"# END clodputer", b"# THE END")
    broken = table.content
    with pytest.raises(ClodputerError) as caught:
        cron.inspect(place)
    assert caught.value.code == "crontab_marks"
    assert not cron.answers(place).usable
    assert codes(place) == ["crontab_marks"]
    (trouble,) = cron.apply(place, [Change("add", "spool", units(place)[0])], lambda _: None)
    assert (trouble.code, table.content) == ("crontab_marks", broken)


@pytest.mark.parametrize("installed", [False, True])
def test_a_probe_comes_and_goes(table: Crontab, place: Frame, installed: bool) -> None:
    if installed:
        install(place, units(place))
    before = table.content
    remove = cron.probe(place, ["exec", "--task", "probe-1"])
    assert f"\n* * * * * {place.shim} exec --task probe-1\n".encode() in (table.content or b"")
    assert [one.kind for one in cron.inspect(place)][-1:] == ["probe"]
    # One that was left behind by a crash is taken away by the next installation.
    removed = [one.name for one in changes(units(place), cron.inspect(place)) if one.verb == "remove"]
    assert [name.rpartition("-")[0] for name in removed] == ["probe"]
    another = cron.probe(place, ["exec", "--task", "probe-2"])
    remove()
    assert b"probe-1" not in (table.content or b"")
    assert b"exec --task probe-2\n" in (table.content or b"")
    another()
    assert table.content == before
    with pytest.raises(ClodputerError):
        cron.probe(place, ["exec", "; rm"])


def test_whether_cron_can_be_used(
    table: Crontab, place: Frame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cron.answers(place).usable
    table.kind("denied")
    answer = cron.answers(place)
    assert not answer.usable
    assert "cron.allow" in answer.hint
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install" in cron.answers(place).hint.lower()
    assert cron.inspect(place) == []
    assert codes(place) == ["crontab_missing"]


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        ("", "", []),
        ('SHELL=/bin/sh\nPATH=/bin\nMAILTO=""\nHOME=/tmp', "", []),
        ("SHELL=/usr/sbin/nologin", "", ["crontab_shell"]),
        ("SHELL = /no/such/fish", "", ["crontab_shell"]),
        ("HOME='/no/such'", "HOME=/none/either", ["crontab_home"]),
        ("MAILTO=me", "", ["crontab_mail"]),
        ("CRON_TZ=Asia/Tokyo", "", ["crontab_zone"]),
        ("", "SHELL=/bin/false\nMAILTO=me\n# * * * * * clodputer exec", []),
        ("# x", "* * * * * /home/me/bin/clodputer exec", ["crontab_other_line"]),
    ],
)
def test_what_the_person_s_lines_do_to_ours(
    table: Crontab, place: Frame, above: str, below: str, expected: list[str]
) -> None:
    """Settings hold for the lines below them."""
    table.content = f"{above}\n".encode()
    install(place, units(place))
    table.content = (table.content or b"") + f"{below}\n".encode()
    assert codes(place) == expected


def test_a_block_that_is_gone_is_told(table: Crontab, place: Frame) -> None:
    assert codes(place) == ["crontab_block_missing"]
    assert codes(place, []) == []
    table.content = b"0 0 * * * mine\n"
    assert codes(place) == ["crontab_block_missing"]


def test_doctor_and_installation_agree_about_a_daemon_that_is_not_there(table: Crontab, place: Frame) -> None:
    """Both say it with what to do, before and after the installation."""
    (place_note,) = cron.answers(place).notes or ("",)
    daemon = daemon_problem()
    assert place_note == (f"{daemon.message}. {daemon.hint}" if daemon else "")
    found = [one for one in cron.problems(place, [], []) if one.code == "cron_not_running"]
    assert found == ([daemon] if daemon else [])
