"""What a further Python runs of the tests, where it hardly differs from the main one, which runs all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest

WHOLE, EACH = "--whole-below", "--each-below"
# In the names of tests that kill at one step after the other. What a kill leaves on the disk is the same on every Python.
KILLS = "killed"


def add_option(parser: pytest.Parser) -> None:
    """Have pytest know the options."""
    parser.addoption(
        WHOLE,
        metavar="PATHS",
        help="Run every case of the tests below these paths, which commas separate, and of other files one test each.",
    )
    parser.addoption(
        EACH,
        metavar="PATHS",
        default="",
        help="With the other option, run one case of each test below these paths that does not kill at every step.",
    )


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of the collected tests what the options do; without them all of them stay."""
    whole, each = config.getoption(WHOLE), config.getoption(EACH)
    if whole is None:
        return
    kept = set(chosen([item.nodeid for item in items], whole.split(","), each.split(",")))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in kept])
    items[:] = [item for item in items if item.nodeid in kept]


def chosen(tests: Iterable[str], whole: Collection[str], each: Collection[str] = ()) -> list[str]:
    """Of tests by their ids all below `whole`; of what does not kill one case of each function below `each`, else of each file.

    Pure, as each worker of pytest-xdist must come to the same tests in the same order.
    """
    seen, kept = set(), []
    for test in tests:
        file, _, _ = test.partition("::")
        function, _, _ = test.partition("[")
        alike = function if _below(file, each) else file
        if _below(file, whole):
            kept.append(test)
        elif KILLS not in function and alike not in seen:
            kept.append(test)
            seen.add(alike)
    return kept


def _below(file: str, paths: Iterable[str]) -> bool:
    return any(file == path or file.startswith(f"{path}/") for path in paths)
