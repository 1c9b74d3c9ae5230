"""Test counts: how many tests a command ran, by the closing lines of pytest, unittest, jest, vitest, go test and cargo test."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from clodputer.agents.lines import items, mapping, text
from clodputer.model.proof.changed import Counts

# Closing lines are at the end; this much of it is looked at, in characters.
LONGEST_LOOKED_AT = 64 * 1024
# More digits than any number of tests has.
_NUMBER = r"(\d{1,9})"

_COLOURS = re.compile(r"\x1b\[[0-9;]{0,30}m")
# `=== 1 failed, 4 passed, 2 skipped in 0.12s ===`, with -q without the lines around it.
_PYTEST = re.compile(
    r"^(?:=+ )?(\d{1,9} [a-z]+(?:, \d{1,9} [a-z]+){0,9}) in \d[\d.]*s(?: \([\d:]+\))?(?: =+)?$", re.MULTILINE
)
_UNITTEST = re.compile(
    rf"^Ran {_NUMBER} tests? in \d[\d.]*s\n\n(OK|FAILED|NO TESTS RAN)(?: \(([^()\n]{{1,200}})\))?$",
    re.MULTILINE,
)
# `Tests:       1 failed, 2 skipped, 4 passed, 7 total`
_JEST = re.compile(r"^Tests: +(\d{1,9} [a-z]+(?:, \d{1,9} [a-z]+){0,9}), \d{1,9} total$", re.MULTILINE)
# `      Tests  1 failed | 4 passed (5)`
_VITEST = re.compile(r"^ *Tests  (\d{1,9} [a-z]+(?: \| \d{1,9} [a-z]+){0,9}) \(\d{1,9}\)$", re.MULTILINE)
_CARGO = re.compile(rf"^test result: (?:ok|FAILED)\. {_NUMBER} passed; {_NUMBER} failed;", re.MULTILINE)
_GO_TEST = re.compile(r"^--- (PASS|FAIL): \S", re.MULTILINE)
_GO_PACKAGE = re.compile(r"^(ok|FAIL)[ ]*\t\S+(?:\t|[ ]\[build failed\])", re.MULTILINE)

_WORDS = re.compile(rf"{_NUMBER} ([a-z]+)")
# What pytest, jest and vitest call tests that ran; the others, such as `skipped`, `deselected` and `warnings`, did not run.
_PASSED = frozenset(("passed", "xfailed", "xpassed"))
_FAILED = frozenset(("failed", "error", "errors"))


def in_output(output: str) -> Optional[Counts]:
    """How many tests ran, by what a command printed; None when nothing in it says so. Several closing lines are added up.

    `go test` without -v reports packages alone: these are counted then.
    """
    said = _COLOURS.sub("", output[-LONGEST_LOOKED_AT:]).replace("\r", "")
    found = [
        *(_of_words(match[1]) for pattern in (_PYTEST, _JEST, _VITEST) for match in pattern.finditer(said)),
        *(_of_unittest(match) for match in _UNITTEST.finditer(said)),
        *(
            Counts(int(match[1]) + int(match[2]), int(match[1]), int(match[2]))
            for match in _CARGO.finditer(said)
        ),
        _of_go(said),
    ]
    known = [tests for tests in found if tests is not None]
    return Counts(*map(sum, zip(*known))) if known else None


def after(
    known: Optional[Counts], calls: Mapping[str, Any], blocks: Iterable[Mapping[str, Any]]
) -> Optional[Counts]:
    """What the last command that ran tests says of them. calls: those without a result, by id, each with a `name`."""
    for block in blocks:
        call = calls.get(text(block.get("tool_use_id")))
        if call is not None and call.name == "Bash":
            known = in_output(_printed(block.get("content"))) or known
    return known


def _printed(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(text(mapping(part).get("text")) for part in items(content))


def _of_words(words: str) -> Optional[Counts]:
    counts: dict[str, int] = {}
    for number, word in _WORDS.findall(words):
        counts[word] = counts.get(word, 0) + int(number)
    passed = sum(number for word, number in counts.items() if word in _PASSED)
    failed = sum(number for word, number in counts.items() if word in _FAILED)
    return Counts(passed + failed, passed, failed) if passed + failed else None


def _of_unittest(match: re.Match[str]) -> Counts:
    said = {word: int(number) for word, number in re.findall(r"([a-z ]+)=(\d{1,9})", match[3] or "")}
    counts = {word.strip(): number for word, number in said.items()}
    ran = max(0, int(match[1]) - counts.get("skipped", 0))
    failed = sum(counts.get(word, 0) for word in ("failures", "errors", "unexpected successes"))
    # An error in setUpClass is one of no test.
    return Counts(max(ran, failed), max(0, ran - failed), failed)


def _of_go(said: str) -> Optional[Counts]:
    tests = _GO_TEST.findall(said)
    # Without -v only tests that fail are named.
    known = tests if "PASS" in tests else _GO_PACKAGE.findall(said)
    failed = known.count("FAIL")
    return Counts(len(known), len(known) - failed, failed) if known else None
