"""What a delivery says: type, id and payload, by each sender's own words."""

from __future__ import annotations

import json
from typing import Any, Optional

import pytest

from clodputer.model.webhook.delivery import read, wanted
from clodputer.model.webhook.http import Refused

JSON = {"content-type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    ("kind", "headers", "payload", "type_", "id_"),
    [
        ("github", {"x-github-event": "issues"}, {"action": "opened"}, "issues.opened", "d"),
        ("github", {"x-github-event": "push"}, {}, "push", "d"),
        ("gitlab", {"x-gitlab-event": "Push Hook"}, {}, "Push_Hook", "d"),
        ("standard", {}, {"type": "invoice.paid"}, "invoice.paid", "d"),
        (
            "slack",
            {},
            {"type": "event_callback", "event": {"type": "message"}, "event_id": "E1"},
            "message",
            "d",
        ),
        ("generic", {"x-event-type": "deployed"}, {"type": "other"}, "deployed", "d"),
        ("generic", {}, {"type": "a b\x00c"}, "a_b_c", "d"),
        ("generic", {}, {"type": 7}, "webhook", "d"),
        ("generic", {}, {"type": "./é"}, "webhook", "d"),
        ("generic", {}, {"type": "..."}, "webhook", "d"),
    ],
)
def test_type(kind: str, headers: dict[str, str], payload: dict[str, Any], type_: str, id_: str) -> None:
    found = read(kind, "d", {**JSON, **headers}, json.dumps(payload).encode())
    assert (found.type, found.id, found.payload) == (type_, id_, payload)


def test_what_an_event_of_github_is_about() -> None:
    about = {"repository": {"full_name": "octo/site"}, "issue": {"number": 42}, "pull_request": "none"}
    for payload, item in [
        (about, "octo/site#42"),
        ({**about, "issue": {"number": "42"}}, ""),
        ({"issue": about}, ""),
    ]:
        assert read("github", "d", JSON, json.dumps(payload).encode()).item == item


def test_the_id_is_the_senders_or_made_of_the_body() -> None:
    assert read("slack", "", JSON, b'{"event_id": "E1"}').id == "E1"
    assert read("generic", "", JSON, b'{"id": "mine"}').id == "mine"
    one, two = (read("generic", "", JSON, body).id for body in (b'{"a": 1}', b'{"a": 2}'))
    assert one.startswith("sha256:")
    assert one != two
    assert read("generic", "", JSON, b'{"a": 1}').id == one


def test_slack_asks_once_for_its_challenge() -> None:
    assert read("slack", "", JSON, b'{"type": "url_verification", "challenge": "c"}').challenge == "c"
    assert read("github", "d", JSON, b'{"type": "url_verification", "challenge": "c"}').challenge == ""


@pytest.mark.parametrize(
    ("content", "body", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/x-www-form-urlencoded", b"payload=%7B%7D", 415),
        ("", b"{}", 415),
        ("application/json", b"", 400),
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        ("application/json", b'{"a": NaN}', 400),
        ("application/json", b'"\xff"', 400),
        ("application/json", b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
    ],
)
def test_refused(content: str, body: bytes, status: int) -> None:
    with pytest.raises(Refused) as refused:
        read("generic", "d", {"content-type": content}, body)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("kind", "type_", "events", "answer"),
    [
        ("github", "issues.opened", None, True),
        ("github", "issues.opened", ["issues"], True),
        ("github", "issues.opened", ["issues.opened"], True),
        ("github", "issues.closed", ["issues.opened", "push"], False),
        ("github", "ping", None, False),
        ("generic", "ping", None, True),
    ],
)
def test_wanted(kind: str, type_: str, events: Optional[list[str]], answer: bool) -> None:
    assert wanted(kind, type_, events) is answer
