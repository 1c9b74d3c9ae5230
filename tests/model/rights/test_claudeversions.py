"""Which claude is started: by what is installed, pinned and skipped."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from clodputer.model.rights.claudeversions import Installed, choose

USUAL, OLD, OLDER = (
    Installed("/a/claude", "2.1.332"),
    Installed("/b/claude", "2.1.329"),
    Installed("/c/claude", "2.1.197"),
)


@pytest.mark.parametrize(
    ("rule", "others", "good", "chosen"),
    [
        ({}, (), "", USUAL),
        ({"pin": "2.1.332"}, (), "", USUAL),
        ({"pin": "2.1.329"}, (OLDER, OLD), "", OLD),
        ({"pin": "2.1.300"}, (OLDER, OLD), "", None),
        ({"skip": ("2.1.331",)}, (), "", USUAL),
        ({"skip": ("2.1.332",)}, (OLDER, OLD), "2.1.329", OLD),
        ({"skip": ("2.1.332",)}, (OLDER, OLD), "2.1.1", OLDER),
        ({"skip": ("2.1.332",)}, (), "2.1.329", None),
        ({"skip": ("2.1.332", "2.1.329")}, (OLD,), "2.1.329", None),
        ({"pin": "2.1.329", "skip": ("2.1.329",)}, (OLD,), "", OLD),
    ],
)
def test_chosen(
    rule: dict[str, Any], others: tuple[Installed, ...], good: str, chosen: Optional[Installed]
) -> None:
    """The last good one comes first; where none may be started, it is said which are there."""
    found, why = choose(rule, USUAL, others, good)
    assert found == chosen
    assert bool(why) is (chosen is None)
    if why:
        assert "2.1.332" in why
