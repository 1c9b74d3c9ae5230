"""Links by which a person decides: opening one asks, its button decides, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from time import time

import pytest

from clodputer.model.gates import approvaltoken
from clodputer.model.gates.approval import APPROVED, DENIED
from clodputer.model.gates.approvaltoken import Token
from clodputer.store.home import Home
from clodputer.store.upkeep import approvalkey
from tests.runner.test_receive import served
from tests.workshop import clodputer, command_task, drop, execute, outcomes


@pytest.fixture
def asking(home: Home) -> Home:
    """A home in which a request waits for a person."""
    Path(home.config).write_text("approve_link: 'https://home.example/approve?token='\n")
    command_task(home, "publish", "true", more="approve: before\n")
    drop(home, "a.json", '{"task": "publish", "id": "abcd1234", "created_at": "2026-11-28T03:00:00Z"}')
    execute(home)
    return home


def token(home: Home, wish: str, **changed: object) -> str:
    """A token about that request, as a message has it."""
    said = Token(wish, "abcd1234", 1_795_834_800_000, int(time()) + 3600)._replace(**changed)  # type: ignore[arg-type]
    return approvaltoken.make(approvalkey.get(home), said)


def opened(home: Home, text: str) -> tuple[int, bytes]:
    status, headers, body = served(home, f"GET /approve?token={text} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert headers["Referrer-Policy"] == "no-referrer"
    return status, body


def pressed(home: Home, text: str) -> tuple[int, bytes]:
    request = f"POST /approve?token={text} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    status, _, body = served(home, request.encode())
    return status, body


def test_opening_a_link_decides_nothing(asking: Home) -> None:
    status, body = opened(asking, token(asking, APPROVED))
    assert (status, b"<button>Approve</button>" in body, b"abcd1234" in body) == (200, True, True)
    execute(asking)
    assert outcomes(asking, "publish") == []


def test_its_button_approves_once(asking: Home) -> None:
    text = token(asking, APPROVED)
    status, body = pressed(asking, text)
    assert (status, b"Approved" in body) == (200, True)
    # What starts an exec, and changes nothing more.
    assert [path.name.endswith(".approve.json") for path in Path(asking.new).iterdir()] == [True]
    execute(asking)
    assert outcomes(asking, "publish") == ["succeeded"]
    assert list(Path(asking.new).iterdir()) == []
    assert list(Path(asking.rejected).iterdir()) == []
    assert pressed(asking, text)[0] == 200
    status, body = pressed(asking, token(asking, DENIED))
    assert (status, b"Not done" in body) == (409, True)
    execute(asking)
    assert outcomes(asking, "publish") == ["succeeded"]


def test_its_button_denies(asking: Home) -> None:
    assert pressed(asking, token(asking, DENIED))[0] == 200
    execute(asking)
    assert outcomes(asking, "publish") == []
    assert "denied" in clodputer(asking, "logs", "--event", "denied")[0]


def test_whatever_is_no_token_is_refused(asking: Home) -> None:
    good = token(asking, APPROVED)
    for text in (
        "",
        "x",
        good[:-1],
        good.replace("a.", "d.", 1),
        "a.b.c.d.<script>",
        token(asking, APPROVED, until=5),
    ):
        for status, body in (opened(asking, text), pressed(asking, text)):
            assert status == 403
            assert b"<script>" not in body
    execute(asking)
    assert outcomes(asking, "publish") == []


def test_without_approve_link_nothing_is_there(asking: Home) -> None:
    text = token(asking, APPROVED)
    Path(asking.config).write_text("")
    assert served(asking, f"GET /approve?token={text} HTTP/1.1\r\nHost: a\r\n\r\n".encode())[0] == 404
    assert pressed(asking, text)[0] == 404
