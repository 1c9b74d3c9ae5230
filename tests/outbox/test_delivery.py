"""Letters on their way: a server that is down, slow, or refuses; many at once; the sender killed at every step."""

from __future__ import annotations

import json
import os
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, time
from typing import Any

import pytest

from clodputer.model.notify.letter import LIFETIME, PING, Letter, next_try, to_json
from clodputer.outbox import post, postman, send
from clodputer.outbox.postman import deliver
from clodputer.store import context as contexts
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.outgoing import outbox
from tests.killing import killed_at
from tests.listener import Listener, answering, listening
from tests.workshop import command_task, environment, events, make_home

MANY = 1000


@pytest.fixture
def server() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def refusing() -> Iterator[str]:
    """An address at which nobody listens, and nobody will: its port is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def surroundings(home: Home, text: str) -> Context:
    Path(home.config).write_text(text)
    return contexts.look(environment(home))


def hooked(home: Home, url: str, more: str = "") -> Context:
    return surroundings(home, f"notify: {{hook: {{type: webhook, url: '{url}/x'}}}}\n{more}")


def put(home: Home, name: str, channel: str = "hook", **fields: Any) -> None:
    now = time()
    facts = {"due": now - 1, "at": now - 1, "created_at": now - 1, "title": f"title {name}", **fields}
    outbox.put(home, Letter(name, channel, "failed", **facts))


def send_all(context: Context, seconds: float = 20.0) -> None:
    deliver(context, monotonic() + seconds)


def letters(home: Home) -> dict[str, Letter]:
    return {one.letter.id: one.letter for one in outbox.waiting(home)}


def test_a_refusal_is_tried_again_later_and_later_and_then_given_up(home: Home, server: Listener) -> None:
    context = hooked(home, server.url)
    server.answer = answering(500)
    put(home, "a")
    before = time()
    send_all(context)
    after = time()
    send_all(context)  # not due yet
    letter = letters(home)["a"]
    assert (len(server.got), letter.tries) == (1, 1)
    assert "500" in letter.last_error
    # A moment is kept to the millisecond.
    assert before + 59.9 < letter.due < after + 60.1
    put(home, "old", created_at=time() - LIFETIME)
    send_all(context)
    (dead,) = outbox.dead(home)
    assert dead.id == "old"
    assert "500" in dead.last_error
    assert [event["channel"] for event in events(home, "undelivered")] == ["hook"]
    server.answer = answering(200)
    assert outbox.forget_dead(home) == 1


def test_pauses_grow_and_a_server_may_ask_for_longer_ones() -> None:
    pauses = [next_try(tries, 0.0) for tries in range(1, 30)]
    assert pauses[:4] == [60, 120, 240, 480]
    assert pauses[-1] == 3600
    assert next_try(1, 0.0, 7200.0) == 7200
    assert next_try(9, 0.0, 1.0) == 3600
    assert next_try(1, 0.0, 1e12) == LIFETIME


def test_429_waits_as_long_as_the_server_asks_with_all_that_goes_there(home: Home, server: Listener) -> None:
    context = hooked(home, server.url)
    server.answer = answering(429, {"Retry-After": "7200"})
    for name in "abc":
        put(home, name)
    send_all(context)
    assert len(server.got) == 1
    assert sorted(letter.tries for letter in letters(home).values()) == [0, 0, 1]
    assert all(7100 < letter.due - time() <= 7201 for letter in letters(home).values())


@pytest.mark.parametrize("way", ["hang", "drip"])
def test_a_server_that_does_not_come_to_its_end_is_left(home: Home, server: Listener, way: str) -> None:
    """However it keeps each single step going: the whole has its time."""
    context = hooked(home, server.url)
    server.answer = getattr(server, way)
    put(home, "a")
    told = send.message_of(context, [outbox.read(home, outbox.names(home)[0]) or pytest.fail("no letter")])
    failure = send.message(context, "hook", told, 0.7)
    assert failure is not None
    assert "in time" in failure.message or "longer than" in failure.message


def test_a_redirect_to_another_host_gets_nothing(home: Home, server: Listener) -> None:
    with listening() as other:
        server.answer = answering(307, {"Location": f"{other.url}/stolen"})
        context = hooked(home, server.url)
        put(home, "a")
        send_all(context)
        assert other.got == []
    assert "not followed" in letters(home)["a"].last_error


def test_a_thousand_letters_to_a_dead_server_cost_one_try_and_hold_up_no_other_channel(
    home: Home, server: Listener, refusing: str
) -> None:
    """The others wait with it, and those that are too old are given up with it."""
    text = f"notify: {{dead: {{type: webhook, url: '{refusing}'}}, hook: {{type: webhook, url: '{server.url}'}}}}\n"
    context = surroundings(home, text)
    put(home, "a")
    for number in range(MANY):
        at = time() - (LIFETIME if number < 10 else 0)
        letter = Letter(f"d{number}", "dead", "failed", at, at, at)
        # Not made to survive a power cut, a thousand times.
        Path(home.outbox, f"{int(at * 1000):013d}.{letter.id}.json").write_text(json.dumps(to_json(letter)))
    send_all(context)
    assert [json.loads(got.body)["id"] for got in server.got] == ["a"]
    there = letters(home)
    assert len(there) == MANY - 10
    assert sum(letter.tries for letter in there.values()) <= 1
    assert outbox.due_names(home, time()) == []
    assert len(outbox.dead(home)) == 10


def test_of_many_dead_letters_the_oldest_are_removed(home: Home) -> None:
    """So that they cannot fill the disk."""
    os.makedirs(home.dead_letters)
    for number in range(outbox.MOST_DEAD + 5):
        letter = Letter(f"x{number}", "a", "failed", number / 1000, 0, 0)
        Path(home.dead_letters, f"{number:013d}.{letter.id}.json").write_text(json.dumps(to_json(letter)))
    put(home, "last")
    outbox.give_up(home, outbox.names(home)[0], letters(home)["last"])
    dead = outbox.dead(home, -1.0)
    assert len(dead) == outbox.MOST_DEAD
    assert (dead[0].id, dead[-1].id) == ("x6", "last")


def test_what_a_person_reads_comes_as_one_message_and_a_program_gets_each(
    home: Home, server: Listener
) -> None:
    text = f"notify: {{phone: {{type: ntfy, url: '{server.url}', topic: t}}, hook: {{type: webhook, url: '{server.url}/x'}}}}\n"
    context = surroundings(home, text)
    for number in range(postman.MANY):
        put(home, f"p{number}", "phone")
        put(home, f"h{number}", "hook")
    put(home, "digest", "phone", digest=True)
    send_all(context)
    assert Counter(got.path for got in server.got) == {"/": 2, "/x": postman.MANY}
    titles = [json.loads(got.body)["title"] for got in server.got if got.path == "/"]
    assert sorted(titles) == [f"{postman.MANY} things happened", "title digest"]
    assert letters(home) == {}


def test_what_cannot_be_read_and_what_has_no_channel_is_put_aside(home: Home, server: Listener) -> None:
    context = hooked(home, server.url)
    put(home, "a", "gone")
    put(home, "p", PING, task="nobody", ping={"path": "", "rid": "1"})
    Path(home.outbox, "0000000000001.bad.json").write_text("{")
    put(home, "b")
    send_all(context)
    assert [json.loads(got.body)["id"] for got in server.got] == ["b"]
    assert letters(home) == {}
    assert "0000000000001.bad.json" in os.listdir(home.dead_letters)
    assert len(os.listdir(home.dead_letters)) == 3


def test_a_start_that_cannot_be_told_is_forgotten(home: Home, server: Listener) -> None:
    context = surroundings(home, f"ping: {server.url}\n")
    server.answer = answering(500)
    now = time()
    outbox.put(home, Letter("s", PING, "start", now, now, now, ping={"path": "/start", "rid": "1"}))
    send_all(context)
    assert (len(server.got), letters(home), outbox.dead(home)) == (1, {}, [])


def test_a_ping_that_a_newer_one_has_replaced_meanwhile_does_not_come_back(home: Home) -> None:
    """Its sender finds it gone, and must not put it down again behind the newer one."""
    now = time()
    old = Letter("p", PING, "end", now - 1, now, now, ping={"path": "/fail", "rid": "1"})
    outbox.put(home, old)
    (name,) = outbox.names(home)
    outbox.replace_waiting(home, old._replace(due=now, ping={"path": "", "rid": "2"}))
    outbox.postpone(home, name, old._replace(due=now + 60))
    outbox.give_up(home, name, old)
    assert [letter.ping["rid"] for letter in letters(home).values()] == ["2"]
    assert outbox.dead(home) == []


def log_failures(context: Context, *tasks: str) -> None:
    for task in tasks:
        context.log(
            time(),
            "finished",
            task=task,
            run_id=f"run-{task}",
            outcome="failed",
            reason="exit_status",
            final=True,
        )


def test_a_look_that_is_killed_at_any_step_leaves_each_letter_exactly_once(
    tmp_path: Path, server: Listener
) -> None:
    """And whoever sends sees none of them before it is sure that it will not be put down again."""
    for step in range(1, 200):
        home = make_home(tmp_path / str(step))
        command_task(home, "b", "/bin/true", more=f"ping: {server.url}/uuid\n")
        context = hooked(home, server.url)
        post.post(context, time())
        log_failures(context, "a", "b")
        killed = killed_at(step, lambda: post.post(context, time()))  # noqa: B023
        names = post.due_names(context, time())
        assert names is not None
        sent = [outbox.read(home, name) for name in names]
        for name in names:
            outbox.sent(home, name)
        assert post.post(context, time())
        sent += [one.letter for one in outbox.waiting(home)]
        assert sorted((one.channel, one.edge, one.task) for one in sent if one) == [
            ("hook", "failed", "a"),
            ("hook", "failed", "b"),
            (PING, "end", "b"),
        ]
        if not killed:
            assert step > 10
            return
    pytest.fail("there is no end to its steps")


def test_a_sender_that_is_killed_at_any_step_leaves_each_letter_to_the_next(tmp_path: Path) -> None:
    """Each is delivered at least once."""
    for step in range(1, 200):
        with listening() as server:
            home = make_home(tmp_path / str(step))
            context = hooked(home, server.url)
            put(home, "a")
            put(home, "b")
            killed = killed_at(step, lambda: send_all(context))  # noqa: B023
            for name, letter in [(one.name, one.letter) for one in outbox.waiting(home)]:
                outbox.postpone(home, name, letter._replace(due=time() - 1))
            send_all(context)
            ids = Counter(json.loads(got.body)["id"] for got in server.got)
            assert set(ids) == {"a", "b"}
            assert max(ids.values()) <= 2
            assert letters(home) == {}
        if not killed:
            assert step > 3
            return
    pytest.fail("there is no end to its steps")
