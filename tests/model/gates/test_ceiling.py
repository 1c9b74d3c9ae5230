"""How much of the disk may be taken: what is measured against what is allowed."""

from __future__ import annotations

import pytest

from clodputer.model.gates.ceiling import NEARLY, Ceiling, Sizes, of, reached

GB = 1024**3


@pytest.mark.parametrize(
    ("ceiling", "sizes", "share", "said"),
    [
        (Ceiling(), Sizes(9 * GB, 9 * GB, 0), 1.0, ""),
        (Ceiling(trees=9 * GB), Sizes(9 * GB - 1), 1.0, ""),
        (Ceiling(trees=9 * GB), Sizes(9 * GB), 1.0, "worktrees take 9.0 GB of 9.0 GB (disk_ceiling: trees)"),
        (
            Ceiling(trees=10 * GB),
            Sizes(9 * GB),
            NEARLY,
            "worktrees take 9.0 GB of 10.0 GB (disk_ceiling: trees)",
        ),
        (
            Ceiling(runs=GB),
            Sizes(9 * GB, 2 * GB, at_least=True),
            1.0,
            "the folders of runs take at least 2.0 GB of 1.0 GB (disk_ceiling: runs)",
        ),
        (Ceiling(free=GB), Sizes(free=GB), 1.0, ""),
        (
            Ceiling(free=GB),
            Sizes(free=GB),
            NEARLY,
            "1.0 GB are free on the disk of at least 1.0 GB (disk_ceiling: free)",
        ),
        (
            Ceiling(free=GB),
            Sizes(free=0),
            1.0,
            "0 bytes are free on the disk of at least 1.0 GB (disk_ceiling: free)",
        ),
        # What is not known holds nothing up.
        (Ceiling(1, 1, 1), Sizes(), 1.0, ""),
    ],
)
def test_reached(ceiling: Ceiling, sizes: Sizes, share: float, said: str) -> None:
    assert reached(ceiling, sizes, share) == said


@pytest.mark.parametrize(
    ("settings", "lane", "found"),
    [
        ({}, {}, ()),
        ({"trees": 1}, {}, (Ceiling(trees=1),)),
        ({}, {"slots": 2, "disk_ceiling": {"free": 2}}, (Ceiling(free=2),)),
        ({"trees": 1}, {"disk_ceiling": {"trees": 2}}, (Ceiling(trees=1), Ceiling(trees=2))),
    ],
)
def test_of_a_lane(settings: dict[str, int], lane: dict[str, object], found: tuple[Ceiling, ...]) -> None:
    """Both hold: that of everything and the lane's own."""
    assert of(settings, lane) == found
