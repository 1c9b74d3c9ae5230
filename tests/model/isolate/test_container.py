"""The part `container` of a task: its rules, and the names that come from it."""

from __future__ import annotations

from typing import Any

import pytest

from clodputer.isolate.container import arguments
from clodputer.model.isolate import container
from clodputer.model.run import Launch
from clodputer.runner.proof import check

IMAGE = {"image": "localhost/box"}
TREE = {"isolation": "worktree"}


@pytest.mark.parametrize(
    ("keys", "agent", "wrong"),
    [
        ({}, "command", []),
        ({"container": IMAGE}, "command", []),
        ({"container": {}}, "command", ["container"]),
        ({"container": {**IMAGE, "dockerfile": "x"}, **TREE}, "command", ["container"]),
        ({"container": {"dockerfile": "x"}}, "command", ["container"]),
        ({"container": {"dockerfile": "x"}, "isolation": "none", "worktree": {}}, "command", ["container"]),
        ({"container": {"dockerfile": "x"}, "worktree": {"base": "main"}}, "command", []),
        ({"container": IMAGE}, "claude", ["container"]),
        ({"container": {**IMAGE, "network": "internet"}}, "claude", []),
        ({"container": {**IMAGE, "network": "internet"}, "add_dirs": ["/a"]}, "claude", ["add_dirs"]),
        ({"container": IMAGE, "sandbox": "strict"}, "command", ["container"]),
        ({"container": IMAGE, "sandbox": {"network": "none"}}, "command", ["container"]),
        ({"container": IMAGE, "sandbox": "off"}, "command", []),
        ({"container": IMAGE, "sandbox": {"mode": "claude"}}, "command", []),
    ],
)
def test_faults(keys: dict[str, Any], agent: str, wrong: list[str]) -> None:
    assert [path[0] for path, _ in container.faults(keys, agent)] == wrong


def test_names() -> None:
    """All that a run may have started are removed by name, and nothing else."""
    of_run = container.name("20270115T080000.123Z-ab cd/ü")
    assert of_run == "clodputer-20270115T080000.123Z-ab-cd-"
    assert container.names(of_run)[:2] == [of_run, f"{of_run}-precheck"]
    for other in ("", "db", "-f", "clodputer-a b", "clodputer-"):
        assert container.names(other) == []
    assert set(container.USES) == set(check.FOLDERS.values())
    assert container.tag("Nightly.Build_", "abc") == "localhost/clodputer/nightly.build:abc"


@pytest.mark.parametrize(
    ("name", "own", "network", "passed", "written"),
    [
        ("KEY", (), "none", True, False),
        ("PATH", (), "none", False, False),
        ("PATH", ("PATH",), "none", False, True),
        ("SSH_AUTH_SOCK", (), "internet", False, False),
        ("LD_PRELOAD", ("LD_PRELOAD",), "none", False, True),
        ("DOCKER_HOST", ("DOCKER_HOST",), "none", False, True),
        ("https_proxy", (), "none", False, False),
        ("https_proxy", (), "internet", True, False),
        ("CLODPUTER_RUN_ID", (), "none", True, False),
        ("CLODPUTER_HOME", (), "none", False, False),
        ("PORT_BASE", (), "none", True, False),
    ],
)
def test_which_variables_go_in(
    name: str, own: tuple[str, ...], network: str, passed: bool, written: bool
) -> None:
    facts = {"own": own, "network": network, "config": "", "engine": "podman"}
    names, values = arguments.variables(facts, {name: "value"})
    assert ((name in names), (values.get(name) == "value")) == (passed, written)


def test_the_program_of_the_engine_is_not_steered() -> None:
    """It has its own variables, and of the run's only those that it passes on."""
    facts = {
        "program": "/usr/bin/podman",
        "name": "clodputer-x",
        "run_id": "x",
        "user": "1:1",
        "engine": "podman",
        "network": "none",
        "own": ["HOME", "LD_PRELOAD", "KEY"],
        "client": {"HOME": "/home/me", "PATH": "/bin"},
        "config": "",
        "image": "box",
        "writable": ["/code"],
        "readable": ["/code/.git"],
    }
    env = {"HOME": "/evil", "LD_PRELOAD": "/evil.so", "KEY": "k", "TMPDIR": "/tmp/cp", "SSH_AUTH_SOCK": "/s"}
    wrapped = arguments.around(facts, Launch(("true",), env, "/code"), "")
    assert wrapped.env == {"HOME": "/home/me", "PATH": "/bin", "TMPDIR": "/tmp/cp", "KEY": "k"}
    assert wrapped.argv[-2:] == ("box", "true")
    assert "--env=LD_PRELOAD=/evil.so" in wrapped.argv
    assert "--mount=type=bind,source=/code/.git,target=/code/.git,readonly" in wrapped.argv
    assert not any("evil" in word for word in wrapped.env.values())


@pytest.mark.parametrize("path", ["/a,b", 'a"b', "relative", "/a\nb"])
def test_a_path_that_does_not_fit_into_a_mount(path: str) -> None:
    assert arguments.unfit(path)
    assert not arguments.unfit("/a b/ü:c")
