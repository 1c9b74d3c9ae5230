"""Whatever somebody outside writes comes into a prompt inside of a fence, by every door, and is no template there."""

from __future__ import annotations

import re

import pytest

from clodputer.model.request import Request
from tests.outside.doors import SKELETON, inside_of_the_fences, outside_of_the_fences, rendered, through_all
from tests.outside.payloads import PAYLOADS, WORD
from tests.runner.prompting import NONCE

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_payload_leaves_its_fence(payload: str) -> None:
    """Without its fences, the prompt is what the author of the task wrote; inside, nothing is hidden or filled in."""
    text = through_all(payload)
    # A payload of which nothing can be seen may leave the end of a line.
    assert outside_of_the_fences(text).replace("\n", "") == SKELETON
    assert WORD not in outside_of_the_fences(text)
    for inside in inside_of_the_fences(text):
        assert NONCE not in inside.lower()
        assert not UNSEEN.search(inside)
        assert "<!--" not in inside
        assert len(inside) < 101_000
    assert "1337" in payload or "1337" not in text
    assert "s3cret" not in text
    text.encode()


@pytest.mark.parametrize(
    "text", ["{{ 7 * 191 }}", "{% if 1 %}1337{% endif %}", "{{ env.SECRET }}", "{# gone #}"]
)
@pytest.mark.parametrize("trigger", ["manual", "spool", "follow_up", "event"])
def test_a_value_is_no_template(text: str, trigger: str) -> None:
    """Whoever it is from, typed by the person too."""
    request = Request("abcd", "a", 0.0, {"x": text}, text, origin={"trigger": trigger})
    made = rendered("{{ context.x }}|{{ body }}|{{ precheck }}", request, None, (), text)
    assert made.count(text) == 3


@pytest.mark.parametrize("trigger", ["manual", "cron", "interval", "at", "startup", ""])
def test_what_a_person_typed_stays_as_it_is(trigger: str) -> None:
    request = Request("abcd", "a", 0.0, {"x": "\x1b[1mA<!-- b -->"}, "B\u200d", origin={"trigger": trigger})
    assert (
        rendered("{{ context.x }} {{ body }} {{ request.body }}", request, None)
        == "\x1b[1mA<!-- b --> B\u200d B\u200d"
    )


def test_what_a_program_of_the_person_dropped_has_no_controls() -> None:
    """It is in no fence, unless its origin says that it came from somewhere else."""
    origin = {"trigger": "spool", "file": "\x1b[1mx.md"}
    request = Request("abcd", "a", 0.0, {"x": ["\x1b[1mA"], "n": 3}, "B\x00\x9b31m\u200d", origin=origin)
    text = "{{ context.x[0] }} {{ context.n }} {{ body }} {{ request.origin.file }}"
    assert rendered(text, request, None) == "A 3 B\u200d x.md"
    elsewhere = request._replace(origin={"trigger": "somewhere"})
    assert outside_of_the_fences(rendered(text.replace("file", "trigger"), elsewhere, None)) == " 3  "


def test_a_retried_request_stays_what_it_was() -> None:
    retried = Request("abcd", "a", 0.0, {}, "B", origin={"trigger": "retry", "first_trigger": "event"})
    assert inside_of_the_fences(rendered("{{ body }}", retried, None)) == ["B"]
    typed = retried._replace(origin={"trigger": "retry", "first_trigger": "manual"})
    assert rendered("{{ body }}", typed, None) == "B"
    # Only a retry may say so.
    assert inside_of_the_fences(
        rendered("{{ body }}", retried._replace(origin={"trigger": "event", "first_trigger": "manual"}), None)
    ) == ["B"]
