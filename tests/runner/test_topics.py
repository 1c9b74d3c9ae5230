"""ntfy topics: webhooks in messages, verified, each once, whatever the server does and whenever somebody is killed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from clodputer.model.webhook import topic
from clodputer.runner.topics import ask, known
from clodputer.store.context import look
from clodputer.store.due import topics
from clodputer.store.home import Home
from clodputer.store.triggers import deliveries
from tests.killing import killed_at
from tests.runner.topical import SECRET, Topic, came, envelope, line, poll
from tests.system import execs
from tests.workshop import clodputer, drop, environment, events, outcomes, write_secrets


def test_each_message_once(polling: Home, there: Topic) -> None:
    """Those that are there, then those that come; asked from where we were, with the token, and not before its time."""
    there.lines = [b'{"event": "open"}\n', line(1), line(2)]
    poll(polling)
    poll(polling)
    there.lines.append(line(3))
    poll(polling)
    assert came(polling) == [1, 2, 3]
    assert there.asked() == ["/t/json?poll=1&since=all", *["/t/json?poll=1&since=id2"] * 2]
    assert {got.headers["Authorization"] for got in there.server.got} == {"Bearer tk_secret"}
    ask.poll(look(environment(polling)))
    assert len(there.asked()) == 3
    assert not topics.due(polling, time.time())
    assert topics.due(polling, time.time() + 121)


def test_a_repetition_brings_nothing(polling: Home, there: Topic) -> None:
    """Published twice, or told once more by a server that has forgotten where we were: it is known by its delivery."""
    there.lines = [line(1), line(2, envelope(1))]
    poll(polling)
    there.lines = [line(3, envelope(1)), line(4)]
    poll(polling)
    assert came(polling) == [1, 4]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (envelope(1, secret="another secret of nobody"), 401),
        ("hello", 400),
        ("[1]", 400),
        ('{"headers": {}, "body": 5}', 400),
        ('{"headers": [], "body": "{}"}', 400),
        ('{"headers": {}, "body": "{}"}', 401),
        ("[" * 4000, 400),
    ],
    ids=["signed by another", "text", "list", "no body", "no headers", "unsigned", "too deep"],
)
def test_what_nobody_has_signed(polling: Home, there: Topic, text: str, status: int) -> None:
    """It is logged and passed over, and what comes behind it is taken."""
    there.lines = [line(8, text), line(9)]
    poll(polling)
    assert came(polling) == [9]
    assert [one["status"] for one in events(polling, "refused")] == [status]
    poll(polling)
    assert there.asked()[-1].endswith("since=id9")


def test_signed_long_ago(polling: Home, there: Topic) -> None:
    """It counts when the server got it, which may be hours before we ask; what was signed long before that is a replay."""
    yesterday = time.time() - 43200
    there.lines = [line(1, at=yesterday), line(2, envelope(2, at=yesterday))]
    poll(polling)
    assert came(polling) == [1]
    assert [one["status"] for one in events(polling, "refused")] == [401]


def test_an_attachment_is_refused(polling: Home, there: Topic) -> None:
    there.lines = [line(1, "You received a file", attachment={"url": "https://x/y"}), line(2)]
    poll(polling)
    assert came(polling) == [2]
    assert [one["status"] for one in events(polling, "refused")] == [413]


def test_many_messages_in_several_answers(polling: Home, there: Topic) -> None:
    """More than one answer may hold is read in parts, each asked for from where the last one ended."""
    filler = [line(number, "x" * 4000) for number in range(300)]
    there.lines = [line(900), *filler, line(901)]
    assert sum(map(len, there.lines)) > topic.LARGEST
    poll(polling)
    assert came(polling) == [900, 901]
    assert len(there.asked()) == 2


def test_what_cannot_be_taken_now_is_left_there(polling: Home, there: Topic) -> None:
    """Without the secret, or while the lane is full, nothing is lost: it is asked for again."""
    there.lines = [line(1)]
    write_secrets(polling, "TOKEN=tk_secret\n")
    poll(polling)
    assert came(polling) == []
    write_secrets(polling, f"HOOK={SECRET}\nTOKEN=tk_secret\n")
    config = Path(polling.config).read_text()
    Path(polling.config).write_text(f"{config}lanes: {{default: {{queue_limit: 1}}}}\n")
    clodputer(polling, "pause", "--all")
    drop(polling, "full.json", '{"task": "deploy"}')
    clodputer(polling, "exec")
    before = len(there.asked())
    poll(polling)
    assert len(there.asked()) == before
    Path(polling.config).write_text(config)
    poll(polling)
    assert came(polling) == [1]


def test_killed_at_every_step(polling: Home, there: Topic) -> None:
    """Whoever takes messages is killed before each of its steps: each message becomes one event, and none is lost."""
    context = look(environment(polling))
    there.lines = [line(number) for number in range(4)]
    step = 1
    while killed_at(step, lambda: ask.poll(context)):
        known.write(polling, "ci", {**known.read(polling, "ci"), "topic": f"{there.server.url}/t", "next": 0})
        step += 1
    assert step > 10
    assert came(polling) == [0, 1, 2, 3]
    assert len(os.listdir(deliveries.folder(polling))) == 4


def test_an_exec_asks_and_runs_what_comes(polling: Home, there: Topic) -> None:
    """An exec with nothing else to do asks when it is time, and runs the tasks that the events are routed to."""
    there.lines = [line(1)]
    execs.run(polling, "exec")
    assert outcomes(polling, "deploy") == ["succeeded"]
    asked = len(there.asked())
    execs.run(polling, "exec")
    assert len(there.asked()) == asked
    listed = clodputer(polling, "webhooks")[0]
    assert "/t" in listed


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ("ntfy_topic: ftp://x/y", "https://ntfy.sh/my-topic"),
        ("ntfy_topic: http://example.org/y", "https://"),
        ("ntfy_topic: https://example.org/", "https://ntfy.sh/my-topic"),
        ("ntfy_topic: https://a:b@example.org/x", "https://ntfy.sh/my-topic"),
        ("ntfy_topic: https://example.org/x, path: /y", "either a path or an ntfy_topic"),
        ("every: 5m", "no every"),
        ("token: '{{ env.X }}'", "no token"),
        ("ntfy_topic: https://example.org/x, token: tk_plain", "env.NAME"),
    ],
)
def test_what_config_may_not_say(home: Home, more: str, wrong: str) -> None:
    Path(home.config).write_text(
        f"webhooks: {{ci: {{kind: standard, secret: '{{{{ env.HOOK }}}}', {more}}}}}\n"
    )
    assert wrong in clodputer(home, "webhooks", status=1)[1]
