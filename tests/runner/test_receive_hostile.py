"""Connections of somebody who means no good, or watches from afar: what is answered, and that nothing comes twice."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import time
from pathlib import Path

import pytest

from clodputer.model.webhook import http
from clodputer.model.webhook.keys import SETTINGS
from clodputer.model.webhook.signature import is_long_enough
from clodputer.runner.receive import health
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.triggers import deliveries
from clodputer.views.incoming import webhooks
from tests import disks
from tests.runner.test_receive import BODY, events, hooked, post, served
from tests.runner.topical import SECRET as TOPIC_SECRET
from tests.runner.topical import Topic, came, envelope, line, poll
from tests.workshop import events as logged
from tests.workshop import make_home

__all__ = ["hooked"]

ISSUE = (
    b'{"action": "opened", "repository": {"full_name": "o/r"}, "issue": {"number": 7, "updated_at": "2026"}}'
)


def test_a_recorded_request_under_another_id_and_type(hooked: Home) -> None:
    """GitHub signs neither. An issue's own moments stand in the body, so that it is never the same twice."""
    assert served(hooked, post(ISSUE))[2] == b"accepted\n"
    for path in Path(hooked.new).iterdir():
        path.unlink()
    again = post(ISSUE, X_GitHub_Delivery="d2", X_GitHub_Event="issues")
    assert served(hooked, again)[2] == b"known already\n"
    assert events(hooked) == []
    changed = ISSUE.replace(b"2026", b"2027")
    assert served(hooked, post(changed, X_GitHub_Delivery="d2"))[2] == b"accepted\n"


def test_what_asks_for_something_may_come_again_as_it_is(hooked: Home) -> None:
    """Of a body that is about no issue the id alone counts: two nights may send the same."""
    for number in (1, 2, 2):
        assert served(hooked, post(BODY, X_GitHub_Delivery=f"night-{number}"))[0] == 202
    assert sorted(str(event["dedupe_key"]) for event in events(hooked)) == ["night-1", "night-2"]


def twice(request: bytes, header: str, value: str) -> bytes:
    return request.replace(b"Host: ", f"{header}: {value}\r\nHost: ".encode(), 1)


@pytest.mark.parametrize("header", ["X-Hub-Signature-256", "X-GitHub-Delivery", "X-GitHub-Event"])
def test_two_of_what_a_delivery_is_known_by(hooked: Home, header: str) -> None:
    status, _, body = served(hooked, twice(post(), header, "x"))
    assert (status, body) == (400, f"there is more than one {header.lower()}\n".encode())
    assert events(hooked) == []
    assert served(hooked, twice(twice(post(), "Via", "1.1 a"), "Via", "1.1 b"))[0] == 202


def test_nobody_of_http_1_0_is_asked_to_go_on() -> None:
    """It would take that for the answer."""
    for version, expects in ((b"1.0", False), (b"1.1", True)):
        request = b"POST /x HTTP/%s\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n" % version
        found = http.head(request)
        assert found is not None
        assert found[0].expects is expects


def test_two_requests_in_one_connection(hooked: Home) -> None:
    """The first is answered, and the connection ends."""
    both = post(BODY, X_GitHub_Delivery="one") + post(BODY, X_GitHub_Delivery="two")
    status, headers, body = served(hooked, both)
    assert (status, headers["Connection"], body) == (202, "close", b"accepted\n")
    assert [event["dedupe_key"] for event in events(hooked)] == ["one"]


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", True),
        ("127.9.8.7", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.1.20", False),
        ("::ffff:192.168.1.20", False),
        ("fe80::1", False),
        ("::", False),
    ],
)
def test_who_is_on_this_machine(host: str, near: bool) -> None:
    """Figures are told to nobody else, whatever `listen` says."""
    assert health.is_loopback(host) is near


def test_a_connection_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        connection, _ = server.accept()
        with connection:
            assert health.is_near(connection)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert health.is_near(ours)


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


def _drop_and_take(folder: str, ended: object) -> None:
    number = 0
    while not ended.is_set():  # type: ignore[attr-defined]
        number += 1
        path = f"{folder}/{number}.json"
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        os.unlink(path)


def test_a_busy_spool_is_healthy(hooked: Home) -> None:
    """What is taken in while it is looked at is no fault."""
    spawning = multiprocessing.get_context("spawn")
    ended = spawning.Event()
    busy = [spawning.Process(target=_drop_and_take, args=(hooked.new, ended)) for _ in range(2)]
    for process in busy:
        process.start()
    try:
        answers = [served(hooked, HEALTH) for _ in range(300)]
    finally:
        ended.set()
        for process in busy:
            process.join()
    assert {status for status, _, _ in answers} == {200}
    assert os.listdir(hooked.tmp) == []


def test_a_full_disk_is_not_healthy(tmp_path: Path) -> None:
    """Webhooks are answered 503 there, so whoever watches hears of it."""
    with disks.mounted(tmp_path / "disk", "size=2m") as disk:
        home = make_home(disk)
        assert served(home, HEALTH)[0] == 200
        disks.fill(disk)
        status, _, body = served(home, HEALTH)
        assert (status, json.loads(body)["spool_writable"]) == (503, False)
        assert "No space left" in json.loads(body)["problem"]


def test_a_server_of_topics_cannot_repeat_what_was_forgotten(polling: Home, there: Topic) -> None:
    """The moment of a message is the server's word; what was signed before all that is remembered is refused."""
    long_ago = time.time() - deliveries.KEPT - 60
    there.lines = [line(1, at=long_ago), line(2, envelope(2, TOPIC_SECRET, at=long_ago)), line(3)]
    poll(polling)
    assert came(polling) == [3]
    assert [one["status"] for one in logged(polling, "refused")] == [401, 401]


def test_a_key_of_a_few_bytes_is_none(hooked: Home) -> None:
    """However long it is as it is written: doctor says so as well."""
    assert not is_long_enough("standard", "whsec_YWJj")
    assert is_long_enough("standard", "whsec_YWJjZGVmZ2g=")
    assert is_long_enough("github", "whsec_YWJj")
    Path(hooked.config).write_text("webhooks: {s: {kind: standard, secret: '{{ env.SHORT }}'}}\n")
    Path(hooked.secrets).write_text("SHORT=whsec_YWJj\n")
    assert served(hooked, post(path="/hook/s"))[0] == 503
    (hook,) = webhooks.look(look({"CLODPUTER_HOME": hooked.root}))
    assert hook.short == ("SHORT",)


@pytest.mark.parametrize(
    ("listen", "right"),
    [
        ("8787", True),
        ("127.0.0.1:1", True),
        ("[::1]:8787", True),
        ("[::ffff:127.0.0.1]:8787", True),
        ("[:::::]:8787", False),
        ("[1.2.3.4]:8787", False),
        ("::1:8787", False),
        ("127.0.0.256:80", False),
        ("127.0.0.1:65536", False),
    ],
)
def test_where_it_listens(listen: str, right: bool) -> None:
    """What systemd would not take is refused while somebody can hear of it."""
    (key,) = (key for key in SETTINGS if key.name == "listen")
    assert key.check is not None
    try:
        assert key.check(listen) == listen
    except ValueError:
        assert not right
    else:
        assert right
