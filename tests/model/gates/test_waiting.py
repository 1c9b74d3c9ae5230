"""Why a request can wait: every reason says what it means and what ends it, and names commands that there are."""

from __future__ import annotations

import re

import pytest

from clodputer.cli.group import COMMANDS
from clodputer.model.gates.waiting import WAITS, ends


@pytest.mark.parametrize("reason", WAITS)
def test_every_wait_says_what_ends_it(reason: str) -> None:
    """For the task and the request that it is about; nothing of the table's own spelling is left."""
    told = ends(reason, "nightly", "3f9a2c1b")
    assert WAITS[reason].meaning.endswith(".")
    assert told
    assert not re.search(r"[{}]|REQUEST|TASK", told)
    assert set(re.findall(r"clodputer (\w+)", told)) <= set(COMMANDS)


def test_a_reason_that_nobody_knows() -> None:
    """Of a newer version, say."""
    assert ends("unheard-of", "nightly", "3f9a2c1b") == ""
