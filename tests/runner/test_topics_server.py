"""ntfy topics at a server that fails, breaks off, never comes to an end, or tells nonsense."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Callable

import pytest

from clodputer.runner.topics import ask, known
from clodputer.store.context import look
from clodputer.store.home import Home
from tests.listener import answering
from tests.runner.topical import Topic, came, line, poll
from tests.workshop import clodputer, environment, events, run


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
