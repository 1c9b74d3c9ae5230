"""Names, marks and secrets of tasks that are made from entries, decided purely."""

from __future__ import annotations

from dataclasses import dataclass
from json import dumps

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.archive.imports import making, shell
from clodputer.archive.imports.making import KNOWN, Draft
from clodputer.archive.imports.values import TASK, Call, Entry, Facts, entries
from clodputer.model.task import is_name
from tests.secrets_planted import PLANTED

FACTS = Facts("/home/me", "me", "/home/me")


@dataclass
class Source:
    """Entries of one source, and what they become."""

    found: list[Entry]

    def drafts(self, taken: tuple[str, ...] = (), known: dict[str, str] | None = None) -> list[Draft]:
        return making.drafts("crontab", self.found, taken, known or {}, enable=False)


def entry(prompt: str = "Look around.", line: int = 1, hint: str = "", **env: str) -> Entry:
    return Entry(
        f"line {line}", prompt, TASK, "", Call({"prompt": prompt}, env), hint=hint, original=prompt, line=line
    )


@pytest.mark.parametrize("kind", sorted(PLANTED))
def test_no_secret_comes_into_a_task(kind: str) -> None:
    text, secret = PLANTED[kind]
    found = shell.read_arguments(["env", f"A={text}", "claude", "-p", f"Use {text} now"], FACTS, {"B": text})
    whole = Entry("job", text, TASK, original="job", hint=text)
    (draft,) = making.drafts("launchd", entries(found, whole), (), {}, enable=False)
    everything = dumps(draft.keys) + making.head(draft, "launchd", "2026-11-28") + draft.name
    for part in secret.split("\n"):
        assert part not in everything
    assert draft.secrets
    assert all(f"{{{{ env.{name} }}}}" in everything for name in draft.secrets)


def test_names_are_free_and_of_the_hint_or_the_prompt() -> None:
    each = [entry(), entry("Look around!", 2), entry("x", 3, hint="Nightly: the review"), entry("the", 4)]
    assert [draft.name for draft in Source(each).drafts(taken=("look-around",))] == [
        "look-around-2",
        "look-around-3",
        "nightly-review",
        "crontab",
    ]


def test_a_line_is_known_by_its_text_wherever_it_stands() -> None:
    (first,) = Source([entry()]).drafts()
    known = dict.fromkeys(making.marks_in(making.head(first, "crontab", "2026-11-28")), "mine")
    again = Source([entry(line=7), entry("Another.", 8)]).drafts(known=known)
    assert [(draft.fate, draft.name) for draft in again] == [(KNOWN, "mine"), (TASK, "another")]


def test_a_secret_by_its_name_keeps_that_name() -> None:
    (draft,) = Source([entry(MY_TOKEN="abcd", PLAIN="x", GIVEN="{{ env.ELSEWHERE }}")]).drafts()
    assert draft.keys["env"] == {
        "MY_TOKEN": "{{ env.MY_TOKEN }}",
        "PLAIN": "x",
        "GIVEN": "{{ env.ELSEWHERE }}",
    }
    assert set(draft.secrets) == {"MY_TOKEN", "ELSEWHERE"}


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=40)), max_size=5))
def test_every_text_makes_names_that_may_be_used(texts: list[tuple[str, str]]) -> None:
    each = [entry(prompt, number, hint) for number, (prompt, hint) in enumerate(texts, 1)]
    names = [draft.name for draft in Source(each).drafts() if draft.fate == TASK]
    assert all(is_name(name) for name in names)
    assert len({name.lower() for name in names}) == len(names)
