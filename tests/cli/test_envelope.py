"""The JSON envelope: always the same keys, always ASCII."""

from __future__ import annotations

import json

import pytest

from clodputer.cli import envelope
from clodputer.model.errors import ClodputerError


def test_an_envelope_has_these_keys_in_this_order() -> None:
    """Programs and people find the same things in the same places."""
    built = envelope.build(
        "run", {"a": 1}, [ClodputerError("held", "lane default is on hold", "wait")], ok=False
    )
    assert list(built) == ["version", "command", "ok", "data", "errors"]
    assert built == {
        "version": 1,
        "command": "run",
        "ok": False,
        "data": {"a": 1},
        "errors": [{"code": "held", "message": "lane default is on hold", "hint": "wait"}],
    }


def test_success_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """The fast door of exec uses this without click."""
    envelope.success("exec", {"runs": []})
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {
        "version": 1,
        "command": "exec",
        "ok": True,
        "data": {"runs": []},
        "errors": [],
    }
    assert printed.err == ""


def test_no_text_can_break_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Half characters, control characters and letters of any script come out as ASCII escapes."""
    text = "\ud800 \x1b[31m \u202e \u2603 \x00"
    envelope.success("show", {"text": text})
    out = capsys.readouterr().out
    assert out.isascii()
    assert "\x1b" not in out
    assert json.loads(out)["data"]["text"] == text
