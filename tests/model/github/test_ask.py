"""Whether what asks for a run still holds: attacks on it by whoever can write an issue, each with the reason of its refusal."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from clodputer.model.github import ask as asks
from clodputer.model.github.ask import Ask, judge
from clodputer.model.github.rule import CHECK, COMMENT, LABEL, REVIEW
from clodputer.model.github.subject import Account, Labeled, Reference, Subject, asked, own_branch, read
from clodputer.model.text.moment import iso

T = 1_800_000_000.0
WRITER, TRIAGER, BOT = Account("w", 1, False), Account("t", 2, False), Account("b[bot]", 3, True)
PERMISSIONS = {1: "write", 2: "read"}
LABELS = ("clodputer",)


def subject(**changed: Any) -> Subject:
    """An issue whose label was set by somebody who may write."""
    fields: dict[str, Any] = {
        "kind": "issue",
        "open": True,
        "title": "Broken",
        "body": "It does not work.",
        "author": TRIAGER,
        "labels": LABELS,
        "labeled": (Labeled("L1", T, "clodputer", WRITER),),
        "edited": 0.0,
        "renamed": 0.0,
    }
    return Subject(**{**fields, **changed})


ASK = Ask("o/r", 1, LABEL, LABELS, "L1", subject().text)


def judged(
    ask: Ask, now: Subject, author: Optional[Account] = None, changed: str = "", trusted: tuple[int, ...] = ()
) -> str:
    found = judge(ask, now, author, changed, PERMISSIONS, trusted, "fix")
    return found.code if found else ""


def by(account: Optional[Account]) -> tuple[Labeled, ...]:
    return (Labeled("L1", T, "clodputer", account),)


PULL = {"kind": "pull_request", "sha": "a", "branch": "x"}
OURS = {**PULL, "branch": "clodputer/fix/1", "labels": (), "labeled": ()}
FORK = {**PULL, "branch": "clodputer/fix/1", "fork": True}


def closing(branch: str, *, fork: bool = False) -> Subject:
    """An issue that an open pull request of that branch closes."""
    return subject(references=(Reference(9, closes=True, branch=branch, fork=fork),))


CASES: list[tuple[str, Ask, Subject, str]] = [
    ("nothing has changed", ASK, subject(), ""),
    ("text edited later", ASK, subject(edited=T + 60), asks.EDITED),
    ("text edited in the same second", ASK, subject(edited=T), asks.EDITED),
    ("text edited before", ASK, subject(edited=T - 1), ""),
    ("title edited later", ASK, subject(renamed=T + 1), asks.EDITED),
    ("text differs although GitHub tells of no edit", ASK, subject(body="Else."), asks.EDITED),
    ("title differs", ASK, subject(title="Else"), asks.EDITED),
    ("what moves from the title to the text", ASK, subject(title="Broken\0It", body="does"), asks.EDITED),
    ("closed", ASK, subject(open=False), asks.CLOSED),
    ("label removed", ASK, subject(labels=()), asks.LABEL_GONE),
    (
        "label set anew",
        ASK,
        subject(labeled=(*by(WRITER), Labeled("L2", T + 9, "clodputer", WRITER))),
        asks.RELABELED,
    ),
    ("by somebody who may only sort", ASK, subject(labeled=by(TRIAGER)), asks.NOT_PERMITTED),
    ("by a stranger", ASK, subject(labeled=by(Account("x", 99, False))), asks.NOT_PERMITTED),
    ("by a bot", ASK, subject(labeled=by(BOT)), asks.NOT_PERMITTED),
    (
        "by a bot with the number of a writer",
        ASK,
        subject(labeled=by(Account("w", 1, True))),
        asks.NOT_PERMITTED,
    ),
    ("by an account that is gone", ASK, subject(labeled=by(None)), asks.NOT_PERMITTED),
    (
        "by a login that somebody else has now",
        ASK,
        subject(labeled=by(Account("w", 77, False))),
        asks.NOT_PERMITTED,
    ),
    (
        "a pull request closes it",
        ASK,
        subject(references=(Reference(9, closes=True),)),
        asks.HAS_PULL,
    ),
    (
        "a pull request mentions it",
        ASK,
        subject(references=(Reference(9, closes=False),)),
        "",
    ),
    ("our own pull request closes it", ASK, closing("clodputer/fix/1"), ""),
    ("our own one beside a branch of others", ASK, closing("clodputer/fix/1-0a1b2c3d"), ""),
    ("one of a fork that looks like ours", ASK, closing("clodputer/fix/1", fork=True), asks.HAS_PULL),
    ("one of another task", ASK, closing("clodputer/plan/1"), asks.HAS_PULL),
    ("one of another issue", ASK, closing("clodputer/fix/11"), asks.HAS_PULL),
    ("one that is named almost like ours", ASK, closing("clodputer/fix/1-main"), asks.HAS_PULL),
    (
        "the label in other letters",
        ASK,
        subject(labels=("Clodputer",), labeled=(by(WRITER)[0]._replace(label="CLODPUTER"),)),
        "",
    ),
    ("a pull request as it was", ASK._replace(sha="a"), subject(**PULL), ""),
    ("a push after the label", ASK._replace(sha="b"), subject(**PULL), asks.PUSHED),
    ("checks of our own", ASK._replace(rule=CHECK, sha="a"), subject(**OURS), ""),
    ("checks of our own, pushed since", ASK._replace(rule=CHECK, sha="b"), subject(**OURS), asks.PUSHED),
    (
        "checks of a fork",
        ASK._replace(rule=CHECK, sha="a"),
        subject(**{**OURS, "fork": True, "author": WRITER}),
        asks.LABEL_GONE,
    ),
    (
        "checks of what a stranger pushed to a fork",
        ASK._replace(rule=CHECK, sha="a"),
        subject(**FORK),
        asks.NOT_PERMITTED,
    ),
    (
        "checks of what somebody who may write pushed to a fork",
        ASK._replace(rule=CHECK, sha="a"),
        subject(**FORK, author=WRITER),
        "",
    ),
]


@pytest.mark.parametrize(("name", "ask", "now", "code"), CASES, ids=[case[0] for case in CASES])
def test_labels(name: str, ask: Ask, now: Subject, code: str) -> None:
    assert judged(ask, now) == code, name


def test_all_labels_count() -> None:
    """Each of several must have been set by somebody who may write, and since the first of them nothing may have changed."""
    both = ("clodputer", "ready")
    events = (Labeled("L1", T, "ready", WRITER), Labeled("L2", T + 10, "clodputer", WRITER))
    ask = ASK._replace(labels=both, event="L2")
    now = subject(labels=both, labeled=events)
    assert judged(ask, now) == ""
    assert judged(ask, now._replace(edited=T + 5)) == asks.EDITED
    assert (
        judged(ask, now._replace(labeled=(events[0]._replace(by=TRIAGER), events[1]))) == asks.NOT_PERMITTED
    )
    assert judged(ask, now._replace(labels=("clodputer",))) == asks.LABEL_GONE


def test_who_is_trusted() -> None:
    """Those whose numbers are listed, whatever they may do."""
    assert judged(ASK, subject(labeled=by(BOT)), trusted=(3,)) == ""
    assert judged(ASK, subject(labeled=by(TRIAGER)), trusted=(2,)) == ""
    assert judged(ASK, subject(labeled=by(None)), trusted=(2,)) == asks.NOT_PERMITTED


@pytest.mark.parametrize("rule", [COMMENT, REVIEW])
def test_comments_and_reviews(rule: str) -> None:
    then = iso(T + 60)
    ask = ASK._replace(rule=rule, comment=5, changed=then)
    assert judged(ask, subject(), WRITER, then) == ""
    assert judged(ask, subject(), WRITER, iso(T + 61)) == asks.COMMENT_CHANGED
    assert judged(ask, subject(), None, "") == asks.COMMENT_CHANGED
    assert judged(ask, subject(), TRIAGER, then) == asks.NOT_PERMITTED
    assert judged(ask, subject(labels=()), WRITER, then) == asks.LABEL_GONE
    assert judged(ask, subject(**OURS), WRITER, then) == ""


@pytest.mark.parametrize("rule", [COMMENT, REVIEW])
def test_what_is_edited_after_a_comment(rule: str) -> None:
    """Whoever wrote it has read what there was then, which the run is given with it; our own texts only we edit."""
    then = iso(T + 60)
    ask = ASK._replace(rule=rule, comment=5, changed=then)
    assert judged(ask, subject(edited=T + 59, renamed=T + 59), WRITER, then) == ""
    for changed in ({"edited": T + 60}, {"renamed": T + 60}, {"edited": T + 900}):
        assert judged(ask, subject(**changed), WRITER, then) == asks.EDITED
    assert judged(ask, subject(**OURS, edited=T + 900), WRITER, then) == ""
    pushed = ask._replace(sha="before")
    assert judged(pushed, subject(**FORK), WRITER, then) == asks.PUSHED


def test_where_a_run_goes_on() -> None:
    """In the task's own pull request for the issue, or in the one that it is about; of a fork nowhere."""
    assert own_branch(closing("clodputer/fix/1"), "fix", 1) == "clodputer/fix/1"
    assert own_branch(closing("clodputer/fix/1", fork=True), "fix", 1) == ""
    assert own_branch(closing("clodputer/fix/1"), "other", 1) == ""
    assert own_branch(subject(**OURS), "fix", 7) == "clodputer/fix/1"
    assert own_branch(subject(**FORK), "fix", 7) == ""
    assert own_branch(subject(**PULL), "fix", 7) == ""


def test_an_ask_is_read_back() -> None:
    """And nothing else is taken for one."""
    assert asks.from_json(asks.to_json(ASK)) == ASK
    fields = asks.to_json(ASK)
    odd: list[Any] = [None, {}, [], {**fields, "rule": "x"}, {**fields, "number": "1"}, {"labels": 3}]
    for wrong in odd:
        with pytest.raises(ValueError, match="what it was asked for by"):
            asks.from_json(wrong)


def test_a_subject_is_read() -> None:
    """Of people who are gone and texts that are empty as well; a shape that is not known is an error that says so."""
    found: dict[str, Any] = {
        "__typename": "Issue",
        "state": "OPEN",
        "title": "T",
        "body": None,
        "author": None,
        "lastEditedAt": None,
        "labels": {"nodes": []},
        "labeled": {"nodes": [None]},
        "renamed": {"nodes": []},
    }
    known = read({"repository": {"subject": found}})
    assert known is not None
    assert (known.author, known.body, known.labeled) == (None, "", ())
    assert asked(known, LABELS) is None
    assert read({"repository": {"subject": None}}) is None
    for wrong in ({**found, "labels": None}, {**found, "lastEditedAt": "never"}, {"__typename": "Issue"}):
        with pytest.raises(ValueError):
            read({"repository": {"subject": wrong}})
