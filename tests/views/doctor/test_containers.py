"""The doctor on containers: engines, images, and what is left of runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

import pytest

from clodputer.store.home import Home
from clodputer.views.doctor.agents.containers import containers
from clodputer.views.doctor.finding import Finding
from tests.doctoring import facts
from tests.system.test_container import Engine
from tests.workshop import write_task


def look(home: Home, engine: Engine, part: Optional[dict[str, Any]] = None) -> list[Finding]:
    if part:
        write_task(home, "box", f"command: ['true']\ncontainer: {json.dumps(part)}\n")
    return containers(facts(home, engine.environ(home, PATH=f"{engine.path}:/bin")))


@pytest.mark.parametrize(
    ("state", "part", "message", "remedy"),
    [
        ({}, {"image": "localhost/box"}, "1 task", ""),
        (
            {},
            {"image": "localhost/other"},
            "podman has no image localhost/other",
            "podman pull localhost/other",
        ),
        ({"rootful": ""}, {"image": "localhost/box"}, "works here as root", "ordinary user"),
        (
            {"info.fails": "no such thing"},
            {"image": "localhost/box"},
            "does not work: Error: no such thing",
            "podman info",
        ),
        ({}, {"image": "localhost/box", "engine": "docker"}, "there is no docker in", "rootless"),
    ],
)
def test_engines_and_images(
    home: Home, tmp_path: Path, state: dict[str, str], part: dict[str, Any], message: str, remedy: str
) -> None:
    stand_in = Engine(tmp_path)
    for name, text in state.items():
        (stand_in.state / name).write_text(text)
    (finding,) = look(home, stand_in, part)
    assert message in finding.message
    assert remedy in finding.remedy


def test_without_a_task_nothing_is_asked(home: Home, tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    assert look(home, engine) == []
    assert not (engine.state / "calls").exists()


def test_containers_that_are_left(home: Home, tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    (engine.state / "containers").mkdir()
    (engine.state / "containers" / "clodputer-20270115T080000.123Z-abcd1234").write_text("1")
    (finding,) = look(home, engine, {"image": "localhost/box"})
    assert "1 container of runs that are not going on in this home" in finding.message
