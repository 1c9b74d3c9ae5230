"""ntfy topics: webhooks in messages, verified, each once, whatever the server does and whenever somebody is killed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Callable, Optional

import pytest

from clodputer.model.webhook import topic
from clodputer.runner.topics import ask, known
from clodputer.store import deliveries, topics
from clodputer.store.context import look
from clodputer.store.home import Home
from tests.killing import killed_at
from tests.listener import Listener, answering, listening
from tests.system import execs
from tests.workshop import clodputer, command_task, drop, environment, events, outcomes, run, write_secrets

SECRET = "a secret of the sender"


def envelope(number: int, secret: str = SECRET, at: Optional[float] = None, **more: Any) -> str:
    """The text of a message, signed as Standard Webhooks are."""
    body = json.dumps({"type": "deployed", "number": number})
    stamp = str(int(time.time() if at is None else at))
    signed = hmac.new(secret.encode(), f"msg-{number}.{stamp}.{body}".encode(), hashlib.sha256).digest()
    headers = {
        "Webhook-Id": f"msg-{number}",
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1,{base64.b64encode(signed).decode()}",
    }
    return json.dumps({"headers": headers, "body": body, **more})


def line(number: int, text: Optional[str] = None, at: Optional[float] = None, **more: Any) -> bytes:
    """A message as the server tells it."""
    moment = time.time() if at is None else at
    fields = {
        "id": f"id{number}",
        "time": int(moment),
        "event": "message",
        "topic": "t",
        "message": envelope(number, at=moment) if text is None else text,
        **more,
    }
    return json.dumps(fields).encode() + b"\n"


class Topic:
    """What a server of ntfy has: its lines, of which those after `since` are told."""

    def __init__(self, server: Listener) -> None:
        self.server, self.lines = server, list[bytes]()
        server.answer = self.tell

    def tell(self, handler: BaseHTTPRequestHandler) -> None:
        since = handler.path.rpartition("since=")[2]
        ids = [json.loads(one).get("id") if one.startswith(b"{") else "" for one in self.lines]
        after = self.lines[ids.index(since) + 1 :] if since in ids else self.lines
        answering(200, {}, b"".join(after))(handler)

    def asked(self) -> list[str]:
        """What was asked, each time."""
        return [got.path for got in self.server.got]


@pytest.fixture
def there() -> Iterator[Topic]:
    """A server with a topic."""
    with listening() as server:
        yield Topic(server)


@pytest.fixture
def polling(home: Home, there: Topic) -> Home:
    """A home with a webhook that comes by it, and a task for its events."""
    command_task(home, "deploy", "/bin/true")
    write_secrets(home, f"HOOK={SECRET}\nTOKEN=tk_secret\n")
    Path(home.config).write_text(
        "webhooks:\n"
        f"  ci: {{kind: standard, secret: '{{{{ env.HOOK }}}}', ntfy_topic: {there.server.url}/t,"
        " token: '{{ env.TOKEN }}', every: 2m}\n"
        "routes: [{from: ci, type: deployed, to: deploy}]\n"
    )
    return home


def poll(home: Home) -> None:
    """A round in this process, of a topic that is due."""
    before = known.read(home, "ci")
    if before:
        known.write(home, "ci", {**before, "next": 0})
    ask.poll(look(environment(home)))


def came(home: Home) -> list[int]:
    """The numbers of the events that lie in `new/`."""
    files = Path(home.new).glob("*.event.json")
    return sorted(json.loads(path.read_text())["payload"]["number"] for path in files)


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


def no_lines(handler: BaseHTTPRequestHandler) -> None:
    """An answer without any end, in one line."""
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (answering(500), "answers 500"),
        (answering(401), "answers 401"),
        (answering(429, {"Retry-After": "7200"}), "answers 429"),
        (answering(302, {"Location": "http://127.0.0.1:1/elsewhere"}), "which is not followed"),
        (no_lines, "longer than any message"),
    ],
)
def test_a_server_that_fails(
    polling: Home, there: Topic, answer: Callable[[BaseHTTPRequestHandler], None], trouble: str
) -> None:
    """It is logged once and said, and asked later each time, also as late as it wants; then all is as before."""
    there.server.answer = answer
    pauses = []
    for _ in range(3):
        poll(polling)
        after = known.read(polling, "ci")
        pauses.append(round(after["next"] - after["asked"]))
    least = 7200 if "429" in trouble else 0
    assert pauses == [max(least, 120), max(least, 240), max(least, 480)]
    (failed,) = events(polling, "topic_failed")
    assert trouble in failed["message"]
    (hook,) = json.loads(clodputer(polling, "webhooks", "--json")[0])["data"]["webhooks"]
    assert trouble in hook["trouble"]
    said = json.loads(run(polling, "doctor", "--json").stdout)["data"]["findings"]
    assert any(trouble in one["message"] for one in said if one["check"] == "webhooks")
    there.lines = [line(1)]
    there.server.answer = there.tell
    poll(polling)
    assert came(polling) == [1]
    assert known.read(polling, "ci")["failures"] == 0


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_server_that_never_comes_to_an_end(polling: Home, there: Topic, how: str) -> None:
    """It is left after its time, however often it says something."""
    there.server.answer = getattr(there.server, how)
    ask.poll(look(environment(polling)), patience=1.0)
    assert "does not answer in time" in known.read(polling, "ci")["message"]


def test_an_answer_that_breaks_off(polling: Home, there: Topic) -> None:
    """What came whole is taken, and the rest is asked for again."""

    def cut_off(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(line(1) + line(2)[:50])
        handler.close_connection = True

    there.server.answer = cut_off
    poll(polling)
    assert came(polling) == [1]
    there.lines = [line(1), line(2)]
    there.server.answer = there.tell
    poll(polling)
    assert came(polling) == [1, 2]
    assert there.asked()[-1].endswith("since=id1")


def test_ordinary_lines_of_nonsense(polling: Home, there: Topic) -> None:
    """What is no message is passed over: other events, wrong types, half of a line."""
    there.lines = [
        b"\xff\xfe\n",
        b"{}\n[]\nnull\n",
        b'{"event": "message", "id": 5, "time": 1, "message": "x"}\n',
        b'{"event": "message", "id": "../x", "time": 1, "message": "x"}\n',
        b'{"event": "message", "id": "x", "time": true, "message": "x"}\n',
        line(1),
        b'{"event": "mess',
    ]
    there.server.answer = answering(200, {}, b"".join(there.lines))
    poll(polling)
    assert came(polling) == [1]


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
