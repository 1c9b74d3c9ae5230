"""What the door sees of the outbox, by names alone; and that the next exec tells what the last one could not."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from time import time

import pytest

from clodputer.cli.door import something_to_do
from clodputer.model.notify.letter import Letter
from clodputer.store.home import Home
from clodputer.store.outgoing import outbox, parcels
from clodputer.store.spool import idle
from tests.listener import answering, listening
from tests.system import execs
from tests.workshop import clodputer, command_task, drop, events, execute


def put(home: Home, due: float) -> str:
    outbox.put(home, Letter("a", "hook", "failed", due, due, due))
    return outbox.names(home)[0]


def test_nothing_is_seen_where_nothing_was_ever_told(home: Home) -> None:
    assert not something_to_do(home)
    Path(home.log).write_text('{"event": "finished"}\n')
    assert not something_to_do(home)


@pytest.mark.parametrize(("ahead", "seen"), [(-1, True), (3600, False), (500 * 86400, True)])
def test_a_letter_is_seen_when_it_is_due_or_a_clock_went_back(home: Home, ahead: float, seen: bool) -> None:
    put(home, time() + ahead)
    assert something_to_do(home) == seen == idle.has_due_letters(home, time())


def test_what_was_noted_before_a_clock_was_put_back_is_seen_at_once(home: Home) -> None:
    """By however much: what was written later than now says nothing of when it is due."""
    ahead = time() + 86400
    letter = put(home, ahead + 600)
    os.utime(f"{home.outbox}/{letter}", (ahead, ahead))
    assert outbox.due_names(home, time()) == [letter]
    outbox.sent(home, letter)
    for note in (partial(outbox.note_look, home, ahead, "none"), partial(parcels.note_look, home, ahead)):
        note()
        assert not idle.has_letters(home, time())
        (look,) = idle.letters(home)
        os.utime(f"{home.outbox}/{look}", (ahead, ahead))
        assert idle.has_letters(home, time())
        note()  # or the look would be repeated by each exec
        assert not idle.has_letters(home, time())
        os.unlink(f"{home.outbox}/{look}")


def test_a_letter_that_was_given_up_is_seen_no_more(home: Home) -> None:
    name = put(home, time() - 1)
    letter = outbox.read(home, name)
    assert letter is not None
    outbox.give_up(home, name, letter)
    assert not idle.has_letters(home, time())


def test_what_was_logged_since_the_last_look_is_seen_and_the_time_of_the_next_one(home: Home) -> None:
    """So that a pause by hand, or the end of an exec that was killed, is looked at."""
    Path(home.log).write_text("{}\n")
    outbox.note_look(home, None, idle.log_stamp(home))
    assert not idle.has_letters(home, time())
    with Path(home.log).open("a") as log:
        log.write("{}\n")
    assert idle.has_letters(home, time())
    outbox.note_look(home, time() + 60, idle.log_stamp(home))
    assert not idle.has_letters(home, time())
    outbox.note_look(home, time() - 1, idle.log_stamp(home))
    assert idle.has_letters(home, time())
    os.rename(home.log, f"{home.archive}/2026-01.log")
    assert len(outbox.looks(home)) == 1


def test_the_end_of_a_hold_is_told_when_it_comes_and_then_there_is_nothing_to_do(home: Home) -> None:
    with listening() as server:
        Path(home.config).write_text(f"notify: {{hook: {{type: webhook, url: '{server.url}'}}}}\n")
        command_task(home, "good", "/bin/true")
        drop(home, "good")
        execute(home)
        hold = {
            "reason": "usage_limit",
            "message": "m",
            "since": "2026-01-01T00:00:00Z",
            "until": "2099-01-01T00:00:00Z",
        }
        Path(home.holds, "task.good.json").write_text(json.dumps(hold))
        clodputer(home, "pause", "--lane", "other", status=1)  # no such lane; nothing is logged
        drop(home, "good")
        execute(home)
        assert [json.loads(got.body)["event"] for got in server.got] == ["hold"]
        assert not idle.has_letters(home, time())
        Path(home.holds, "task.good.json").write_text(json.dumps({**hold, "until": "2026-01-01T00:00:01Z"}))
        outbox.note_look(home, time() - 1, idle.log_stamp(home))
        assert idle.has_letters(home, time())
        execute(home)
        assert [json.loads(got.body)["event"] for got in server.got][:2] == ["hold", "hold_ended"]
        assert not idle.has_letters(home, time())


@pytest.mark.parametrize(
    "step", ["rename told.json", "rename outbox", "open outbox .look", "open record.json", "rename dropped"]
)
def test_an_exec_that_is_killed_around_the_end_of_a_run_is_made_good_by_the_next(
    home: Home, step: str
) -> None:
    """The failure is told once, whichever of them tells it."""
    with listening() as server:
        Path(home.config).write_text(f"notify: {{hook: {{type: webhook, url: '{server.url}'}}}}\n")
        command_task(home, "good", "/bin/true")
        command_task(home, "bad", "/bin/false")
        drop(home, "good")
        execute(home)
        drop(home, "bad")
        killed, _ = execs.kill_at(home, step)
        assert killed
        assert something_to_do(home)
        execute(home)
        execute(home)
        assert [json.loads(got.body)["event"] for got in server.got] == ["failed"]
        assert [event["edge"] for event in events(home, "told")] == ["failed"]


def test_a_run_is_not_held_up_by_a_server_that_hangs(home: Home) -> None:
    """While the letter about the first task hangs, the second one is run and ends; the record of both is as ever."""
    with listening() as server:
        ran = Path(home.root, "ran")

        def hang_until_it_ran(handler: object) -> None:
            assert server.over.wait(0) is False
            while not ran.exists() and not server.over.wait(0.01):
                pass
            answering(200)(handler)  # type: ignore[arg-type]

        server.answer = hang_until_it_ran
        Path(home.config).write_text(f"notify: {{hook: {{type: webhook, url: '{server.url}'}}}}\n")
        command_task(home, "bad", "/bin/sh", "-c", f"cp {home.root}/second {home.new}/good; exit 1")
        command_task(home, "good", "/bin/touch", str(ran))
        Path(home.root, "second").write_text("")
        drop(home, "bad")
        execute(home)
        assert ran.exists()
        assert [json.loads(got.body)["event"] for got in server.got] == ["failed"]
        assert outbox.names(home) == []


def test_a_fault_in_telling_keeps_no_run_from_being_done(home: Home) -> None:
    """It is logged, and the next exec tells."""
    with listening() as server:
        Path(home.config).write_text(f"notify: {{hook: {{type: webhook, url: '{server.url}'}}}}\n")
        command_task(home, "good", "/bin/true")
        command_task(home, "bad", "/bin/false")
        drop(home, "good")
        execute(home)
        drop(home, "bad")
        assert [one["outcome"] for one in execute(home, extra={"CLODPUTER_FAULT": "mail"})["runs"]] == [
            "failed"
        ]
        assert events(home, "fault")[0]["step"] == "mail"
        assert server.got == []
        execute(home)
        assert [json.loads(got.body)["event"] for got in server.got] == ["failed"]


@pytest.mark.usefixtures("mortal")
@pytest.mark.parametrize("wrong", ["a file", "closed"])
def test_an_outbox_that_cannot_be_used_keeps_no_run_from_being_done(home: Home, wrong: str) -> None:
    Path(home.config).write_text("notify: {tell: {type: command, command: [/bin/cat]}}\n")
    if wrong == "a file":
        Path(home.outbox).touch()
    else:
        Path(home.outbox).mkdir(mode=0)
    command_task(home, "bad", "/bin/false")
    drop(home, "bad")
    assert [one["outcome"] for one in execute(home)["runs"]] == ["failed"]
    assert events(home, "fault")[0]["step"] == "mail"
    Path(home.outbox).chmod(0o700)
