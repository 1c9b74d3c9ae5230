"""One case of each test: what a further Python runs where it hardly differs from the main one, which runs all cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest

OPTION = "--once-outside"
# In the names of tests that kill at one step after the other. What a kill leaves on the disk is the same on every Python.
KILLS = "killed"


def add_option(parser: pytest.Parser) -> None:
    """Have pytest know the option."""
    parser.addoption(
        OPTION,
        metavar="PATHS",
        help="Run every case of the tests below these paths, which commas separate, and one case of each other test that "
        "does not kill at every step.",
    )


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of the collected tests what the option does; without it all of them stay."""
    paths = config.getoption(OPTION)
    if paths is None:
        return
    kept = set(chosen([item.nodeid for item in items], paths.split(",")))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in kept])
    items[:] = [item for item in items if item.nodeid in kept]


def chosen(tests: Iterable[str], paths: Collection[str]) -> list[str]:
    """Of tests by their ids: all below the paths, and elsewhere the first case of each function that does not kill.

    Pure, as each worker of pytest-xdist must come to the same tests in the same order.
    """
    seen, kept = set(), []
    for test in tests:
        file, _, _ = test.partition("::")
        function, _, _ = test.partition("[")
        below = any(file == path or file.startswith(f"{path}/") for path in paths)
        if below or (function not in seen and KILLS not in function):
            kept.append(test)
        seen.add(function)
    return kept
