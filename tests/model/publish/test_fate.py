"""What became of what was published, as tables: from GitHub's answers, and when it is looked at again."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from clodputer.model.publish import fate
from clodputer.model.publish.fate import DAY, OFTEN, SELDOM, WATCHED_FOR, Fate
from clodputer.model.publish.rule import COMMENT, FILE_ISSUE, PULL_REQUEST
from clodputer.model.text.moment import iso

AT = 1_800_000_000.0
THEN = AT + 1000
CLOSED: dict[str, Any] = {"state": "closed", "closed_at": iso(THEN)}


@pytest.mark.parametrize(
    ("kind", "body", "now", "expected"),
    [
        (PULL_REQUEST, {"state": "open"}, AT + 1, Fate("open", AT)),
        (PULL_REQUEST, {"state": "open"}, AT + WATCHED_FOR, Fate("ignored", AT + WATCHED_FOR)),
        (PULL_REQUEST, CLOSED, AT + 2000, Fate("closed", THEN)),
        (
            PULL_REQUEST,
            {**CLOSED, "merged_at": iso(THEN), "merge_commit_sha": "abc", "base": {"ref": "main"}},
            AT + 2000,
            Fate("merged", THEN, "abc", "main"),
        ),
        (PULL_REQUEST, {**CLOSED, "merged_at": iso(THEN)}, AT + 2000, Fate("merged", THEN)),
        (FILE_ISSUE, {**CLOSED, "state_reason": "completed"}, AT + 2000, Fate("completed", THEN)),
        (FILE_ISSUE, {**CLOSED, "state_reason": None}, AT + 2000, Fate("completed", THEN)),
        (FILE_ISSUE, {**CLOSED, "state_reason": "not_planned"}, AT + 2000, Fate("closed", THEN)),
        (FILE_ISSUE, {"state": "closed", "closed_at": "nonsense"}, AT + 2000, Fate("completed", AT + 2000)),
        (FILE_ISSUE, {}, AT + 1, Fate("open", AT)),
    ],
)
def test_what_an_answer_tells(kind: str, body: dict[str, Any], now: float, expected: Fate) -> None:
    assert fate.of_thing(kind, body, AT, now) == expected


@pytest.mark.parametrize(
    ("kind", "known", "looked_at", "expected"),
    [
        (PULL_REQUEST, "", 0.0, AT + OFTEN),
        (PULL_REQUEST, "open", AT + OFTEN, AT + 2 * OFTEN),
        (PULL_REQUEST, "open", AT + DAY, AT + DAY + SELDOM),
        (PULL_REQUEST, "merged", AT + DAY, AT + DAY + SELDOM),
        (PULL_REQUEST, "open", AT + WATCHED_FOR - 1, AT + WATCHED_FOR),
        (PULL_REQUEST, "merged", AT + WATCHED_FOR, None),
        (PULL_REQUEST, "closed", AT + DAY, None),
        (PULL_REQUEST, "reverted", AT + DAY, None),
        (FILE_ISSUE, "completed", AT + DAY, None),
        (COMMENT, "", 0.0, None),
    ],
)
def test_when_it_is_looked_at_again(
    kind: str, known: str, looked_at: float, expected: Optional[float]
) -> None:
    assert fate.next_look(kind, known, AT, looked_at) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('Revert "Fix it"\n\nThis reverts commit abc123.', THEN),
        ('Revert "Fix it" (#8)\n\nReverts o/r#7', THEN),
        ("Reverts o/r#71", None),
        ("Reverts x/r#7", None),
        ("Fix it again", None),
    ],
)
def test_what_takes_a_merge_back(message: str, expected: Optional[float]) -> None:
    commits = [None, {}, {"commit": None}, {"commit": {"message": message, "committer": {"date": iso(THEN)}}}]
    assert fate.reverting(commits, "abc123", "o/r", 7) == expected
