"""Did you mean."""

from __future__ import annotations

import time

import pytest

from clodputer.model.text.suggest import did_you_mean

KNOWN = ("timeout", "startup_timeout", "allowed_tools", "acceptEdits", "log-triage", "prompt")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("timout", "timeout"),
        ("TIMEOUT", "timeout"),
        ("allowed-tools", "allowed_tools"),
        ("allowedTools", "allowed_tools"),
        ("acceptedits", "acceptEdits"),
        ("log_triage", "log-triage"),
        ("log-triag", "log-triage"),
        ("promt", "prompt"),
    ],
)
def test_what_is_near(word: str, meant: str) -> None:
    """Misspelt, in another case, or with the other kind of dash."""
    assert did_you_mean(word, KNOWN) == f" (did you mean {meant!r}?)"


@pytest.mark.parametrize("word", ["", "zzz", "schedule", "名前", "x" * 1_000_000])
def test_what_is_not(word: str) -> None:
    """Nothing is better than a wild guess, and a giant is no work."""
    began = time.process_time()
    assert did_you_mean(word, KNOWN) == ""
    assert did_you_mean(word, ()) == ""
    assert time.process_time() - began < 1
