"""Proof: what each answer of a precheck and of verify comes to, as tables; and what stands in a prompt, as properties."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from clodputer.model.outcome import FAILED, REASONS, SKIPPED, of
from clodputer.model.proof import proof
from clodputer.model.proof.proof import AFTER, BEFORE, PRECHECK, Answer
from clodputer.model.runs.against import NOT_THE_ITEMS

ARGV = ("./look", "now")


def reason(outcome: Any) -> Optional[str]:
    return None if outcome is None else outcome.reason


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(ARGV, 0), None),
        (Answer(ARGV, 75), "nothing_to_do"),
        (Answer(ARGV, 1), "nothing_to_do"),
        (Answer(ARGV, 2), "precheck"),
        (Answer(ARGV, 127), "precheck"),
        (Answer(ARGV, 78), "precheck"),
        (Answer(ARGV), "precheck"),
        (Answer(ARGV, stopped="timeout", limit=60.0), "precheck"),
        (Answer(ARGV, stopped="output_too_large"), "precheck"),
        (Answer(ARGV, stopped="exec_died"), "precheck"),
        (Answer(ARGV, problem="there is none"), "precheck"),
        (Answer(ARGV, stopped="cancelled"), "cancelled"),
        (Answer(ARGV, stopped="interrupted"), "interrupted"),
        (Answer(ARGV, stopped="replaced"), "replaced"),
    ],
)
def test_what_a_precheck_says(answer: Answer, expected: Optional[str]) -> None:
    found = proof.from_precheck(answer)
    assert reason(found) == expected
    assert found is None or answer.words in found.message


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(ARGV, 1, complained=True), True),
        (Answer(ARGV, 1), False),
        (Answer(ARGV, 75, complained=True), False),
        (Answer(ARGV, 0, complained=True), False),
        (Answer(ARGV, 2, complained=True), False),
    ],
)
def test_a_precheck_that_complains_is_doubted(answer: Answer, expected: bool) -> None:
    """A program that breaks exits with 1 as well, night after night."""
    assert bool(proof.doubt(answer)) == expected


@pytest.mark.parametrize(
    ("answer", "before", "after"),
    [
        (Answer(ARGV, 0), "satisfied", "completed"),
        (Answer(ARGV, 1), None, "unproven"),
        (Answer(ARGV, 75), None, "unproven"),
        (Answer(ARGV), "unproven", "unproven"),
        (Answer(ARGV, stopped="timeout"), "unproven", "unproven"),
        (Answer(ARGV, problem="there is none"), "unproven", "unproven"),
        (Answer(ARGV, stopped="cancelled"), "cancelled", "cancelled"),
        (Answer(ARGV, stopped="interrupted"), "interrupted", "interrupted"),
        (Answer(ARGV, stopped="replaced"), "replaced", "replaced"),
    ],
)
def test_what_verify_says(answer: Answer, before: Optional[str], after: str) -> None:
    """What could not be asked beforehand could prove nothing either, so that no agent is started for it."""
    assert reason(proof.from_verify_before(answer)) == before
    assert proof.from_verify_after(of("completed"), answer).reason == after


def test_an_agent_that_says_nothing_was_to_be_done_is_not_believed_when_verify_does_not_hold() -> None:
    found = proof.from_verify_after(of("nothing_to_do", "All is well."), Answer(ARGV, 1))
    assert (found.outcome, found.reason) == (FAILED, "unproven")
    assert "said that there was nothing to do" in found.message
    kept = of("nothing_to_do", "All is well.")
    assert proof.from_verify_after(kept, Answer(ARGV, 0)) is kept


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(ARGV, 0, output="fine"), "./look now exited with status 0."),
        (Answer(ARGV, 2, output="a\n b\n"), "./look now exited with status 2. It said: a b"),
        (Answer(ARGV), "./look now was ended by a signal."),
        (
            Answer(ARGV, stopped="timeout", limit=60.0),
            "./look now was stopped, as it took longer than 1m (timeout).",
        ),
        (Answer(ARGV, problem="there is none"), "./look now could not be run: there is none."),
    ],
)
def test_an_answer_in_words(answer: Answer, words: str) -> None:
    assert answer.words == words


def test_what_a_record_keeps_is_bounded() -> None:
    kept = proof.entry(BEFORE, Answer(ARGV, 1, output="x" * 10**6, seconds=1.23456))
    assert len(kept["output"]) == proof.LONGEST_OUTPUT
    assert len(kept["message"]) < 400
    assert (kept["check"], kept["ok"], kept["duration_seconds"]) == (BEFORE, False, 1.235)
    assert [proof.entry(PRECHECK, Answer(ARGV, status))["ok"] for status in (0, 1, 75, 2)] == [
        True,
        True,
        True,
        False,
    ]


def test_proven_is_what_was_false_and_is_true() -> None:
    def looks(before: int, after: int) -> list[dict[str, Any]]:
        return [proof.entry(BEFORE, Answer(ARGV, before)), proof.entry(AFTER, Answer(ARGV, after))]

    assert [proof.is_proven(looks(before, after)) for before in (0, 1) for after in (0, 1)] == [
        False,
        False,
        True,
        False,
    ]
    assert not proof.is_proven(())


def test_a_run_without_an_agent() -> None:
    """It cost nothing; an agent that itself says that there was nothing to do has cost something, or nobody knows what."""
    assert proof.started_no_agent("satisfied", 0.0)
    assert proof.started_no_agent("nothing_to_do", 0)
    assert not proof.started_no_agent("nothing_to_do", 0.02)
    assert not proof.started_no_agent("nothing_to_do", None)
    assert not proof.started_no_agent("completed", 0.0)
    assert set(proof.WITHOUT_AGENT) <= REASONS.keys()


def test_a_precheck_says_nothing_against_the_item() -> None:
    assert "precheck" in NOT_THE_ITEMS
    assert "unproven" not in NOT_THE_ITEMS
    assert (REASONS["satisfied"].outcome, REASONS["nothing_to_do"].outcome) == (SKIPPED, SKIPPED)
