"""What the doctor says of publishing: tasks that cannot, what was not sent, and what waits for a person."""

from __future__ import annotations

import os
from time import time
from typing import Any

import pytest

from clodputer.model.publish.parcel import Parcel, Step
from clodputer.model.publish.rule import Publish
from clodputer.store.home import Home
from clodputer.store.outgoing import parcels
from clodputer.views.doctor.outside import publish
from tests.doctoring import facts
from tests.workshop import task_of

FIX = task_of("fix", publish=Publish(("comment", "push"), "o/r"))


def put(home: Home, state: str, **fields: Any) -> None:
    os.makedirs(home.outbox, exist_ok=True)
    now = time()
    step = Step(
        "comment",
        (0,),
        {"issue": 1},
        state="refused" if state == "undelivered" else "waiting",
        message="It is locked.",
    )
    parcel = Parcel("abc", "fix", "20260301T070000.000Z-3f9a2c1b", "", "o/r", now, now, (step,))._replace(
        state=state, **fields
    )
    if state == "undelivered":
        parcels.end(home, "none", parcel)
    else:
        parcels.keep(home, "none", parcel)


def said(home: Home, **more: Any) -> list[tuple[str, str]]:
    return [(one.level, one.message) for one in publish.publish(facts(home)._replace(**more))]


def test_nothing_to_say(home: Home) -> None:
    assert said(home) == [("ok", "no task publishes")]


def test_a_task_without_a_token_or_git(home: Home) -> None:
    found = said(home, tasks=(FIX,), environ={"PATH": "/nowhere"})
    assert [level for level, _ in found] == ["problem", "problem"]
    assert "names no token" in found[0][1]
    assert "no git in PATH" in found[1][1]


@pytest.mark.parametrize(
    ("state", "fields", "level", "words"),
    [
        ("waiting", {"tries": 2, "last_error": "no route"}, "problem", "could not be sent yet: no route"),
        ("undelivered", {}, "note", "could not publish everything"),
    ],
)
def test_what_was_not_sent(home: Home, state: str, fields: dict[str, Any], level: str, words: str) -> None:
    put(home, state, **fields)
    ((found, message),) = said(home)
    assert (found, words in message) == (level, True), message
