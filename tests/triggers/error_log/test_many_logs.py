"""Folders of many logs: telling rotated ones from the others costs as much for each of them, however many there are."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from clodputer.triggers.error_log.parts import paths


def calls(folder: Path) -> int:
    """How many functions of Python are called to find the logs of a folder."""
    number = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        paths((f"{folder}/*",), "/nowhere")
    finally:
        sys.setprofile(None)
    return number


def test_the_cost_grows_with_the_number_of_logs(tmp_path: Path) -> None:
    counted = []
    for number in (100, 400):
        folder = tmp_path / str(number)
        folder.mkdir()
        for index in range(number):
            (folder / f"app{index % 10}.log.{index}").touch()
        counted.append(calls(folder))
    assert counted[1] < 5 * counted[0]


@pytest.mark.parametrize(
    ("names", "logs"),
    [
        (["app.log", "app.log.1", "app.log.2.gz", "app.log-20261128"], ["app.log"]),
        (["app.log", "app-2026-11-28.log", "app_old.log", "app-worker.log"], ["app-worker.log", "app.log"]),
        (["app", "app.1", "app~", "app.bak.2"], ["app"]),
        (["app.log.1", "app.log.2"], ["app.log.1", "app.log.2"]),
        (["a.log.1", "a.log.1.old", "b.log"], ["a.log.1", "b.log"]),
        (["a.b.log", "a.b.1.log", "a.1.b.log"], ["a.1.b.log", "a.b.log"]),
    ],
)
def test_rotated_logs_are_those_of_a_log_that_is_there(
    tmp_path: Path, names: list[str], logs: list[str]
) -> None:
    for name in names:
        (tmp_path / name).touch()
    found, troubles = paths((f"{tmp_path}/*",), "/nowhere")
    assert (sorted(Path(one).name for one in found), troubles) == (sorted(logs), [])
