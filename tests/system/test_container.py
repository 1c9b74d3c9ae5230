"""Runs in containers, from the drop on, with a stand-in for the engine that holds each container to what it may have."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Optional

import pytest

from clodputer.store.home import Home
from tests.repositories import git, repository
from tests.system import execs
from tests.workshop import (
    ROOT,
    clodputer,
    command_task,
    drop,
    environment,
    make_home,
    program,
    records,
    write_task,
)


class Engine:
    """A stand-in under a name, first in PATH, with a HOME of its own in which it keeps what it was asked."""

    def __init__(self, folder: Path, name: str = "podman") -> None:
        self.home = folder / "person"
        self.state = self.home / ".fake-engine"
        self.state.mkdir(parents=True)
        (self.state / "images").write_text("localhost/box\n")
        path = program(folder / "engine", name, "")
        path.write_text(f"#!{sys.executable}\n" + (ROOT / "tests" / "fakes" / "fake_engine.py").read_text())
        self.path = str(path.parent)

    def environ(self, home: Home, **more: str) -> dict[str, str]:
        return {"PATH": f"{self.path}:{environment(home)['PATH']}", "HOME": str(self.home), **more}

    def calls(self, command: str) -> list[list[str]]:
        found = [json.loads(line)["argv"] for line in (self.state / "calls").read_text().splitlines()]
        return [argv for argv in found if argv[0] == command]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


def task(home: Home, folder: Path, *command: str, **keys: Any) -> None:
    folder.mkdir(exist_ok=True)
    keys = {"container": {"image": "localhost/box"}, "working_directory": str(folder), **keys}
    more = "".join(f"{name}: {json.dumps(value)}\n" for name, value in keys.items() if value is not None)
    command_task(home, "work", *command, more=more)
    drop(home, "one.json", '{"task": "work"}')


def execute(home: Home, engine: Engine, **more: str) -> dict[str, Any]:
    execs.run(home, "exec", extra=engine.environ(home, **more))
    return records(home, "work")[-1]


def test_everything_of_a_run_is_in_containers(home: Home, tmp_path: Path, engine: Engine) -> None:
    """Setup, verify, agent and teardown, each under a name of its own; all of them are removed at the end."""
    step = [
        "sh",
        "-c",
        'echo "$0 $HOME $KEY $PORT_BASE ${XDG_RUNTIME_DIR-none} ${CLODPUTER_HOME-none}" >> log',
    ]
    task(
        home,
        tmp_path / "work",
        *step,
        "agent",
        setup=[*step, "setup"],
        verify=["sh", "-c", "grep -q ^agent log"],
        teardown=[*step, "teardown"],
        env={"KEY": "{{ env.KEY }}", "HTTPS_PROXY": "http://own"},
    )
    Path(home.secrets).write_text("KEY=a-very-secret-value\n")
    Path(home.secrets).chmod(0o600)
    record = execute(home, engine, XDG_RUNTIME_DIR=str(tmp_path), no_proxy="here")
    assert (record["outcome"], record["message"]) == ("succeeded", "")
    lines = (tmp_path / "work" / "log").read_text().splitlines()
    base = lines[0].split()[3]
    assert lines == [
        f"{name} /home/agent a-very-secret-value {base} none none" for name in ("setup", "agent", "teardown")
    ]
    runs = engine.calls("run")
    names = [next(word for word in argv if word.startswith("--name=")) for argv in runs]
    stem = f"--name=clodputer-{record['run_id']}"
    assert names == [f"{stem}{use}" for use in ("-setup", "-verify-before", "", "-verify-after", "-teardown")]
    for argv in runs:
        assert "a-very-secret-value" not in " ".join(argv)
        assert {"--env=KEY", "--network=none", "--userns=keep-id", "--env=HTTPS_PROXY"} <= set(argv)
        assert "--env=no_proxy" not in argv
        assert f"--mount=type=bind,source={tmp_path}/work,target={tmp_path}/work" in argv
    assert record["argv"][0] == "sh"
    assert os.listdir(engine.state / "containers") == []


@pytest.mark.parametrize("name", ["podman", "docker"])
def test_what_each_engine_is_asked(home: Home, tmp_path: Path, name: str) -> None:
    engine = Engine(tmp_path, name)
    task(
        home,
        tmp_path / "work",
        "cat",
        container={"image": "localhost/box", "engine": name, "network": "internet"},
    )
    record = execute(home, engine)
    assert record["outcome"] == "succeeded", record
    (argv,) = engine.calls("run")
    assert "--network=none" not in argv
    assert ("--userns=keep-id" in argv) == (name == "podman")
    assert ("--env=IS_SANDBOX=1" in argv) == (name == "docker")
    (removed,) = engine.calls("rm")
    assert ("--time=0" in removed) == (name == "podman")


@pytest.mark.parametrize(
    ("state", "keys", "reason", "said"),
    [
        ({"rootful": ""}, {}, "no_container", "works here as root"),
        ({"info.fails": "cannot connect"}, {}, "no_container", "podman does not work: Error: cannot connect"),
        ({"images": ""}, {}, "no_container", "podman has no image localhost/box"),
        (
            {},
            {"container": {"image": "localhost/box", "engine": "docker"}},
            "no_container",
            "there is no docker",
        ),
        ({}, {"working_directory": "HOME"}, "no_container", "the home folder"),
    ],
)
def test_what_keeps_a_run_from_starting(
    home: Home,
    tmp_path: Path,
    engine: Engine,
    state: dict[str, str],
    keys: dict[str, Any],
    reason: str,
    said: str,
) -> None:
    """The agent is not started, neither inside nor outside, and the remedy is named."""
    for name, text in state.items():
        (engine.state / name).write_text(text)
    if keys.get("working_directory") == "HOME":
        keys = {"working_directory": str(engine.home)}
    task(home, tmp_path / "work", "touch", str(tmp_path / "ran"), **keys)
    record = execute(home, engine, PATH=f"{engine.path}:/none")
    assert (record["outcome"], record["reason"]) == ("failed", reason)
    assert said in record["message"]
    assert not (tmp_path / "ran").exists()


def in_tree(home: Home, tmp_path: Path, dockerfile: Optional[str], *command: str, **keys: Any) -> Path:
    checkout = repository(tmp_path)
    if dockerfile is not None:
        (checkout / "ci").mkdir()
        (checkout / "ci" / "Dockerfile").write_text(dockerfile)
        (checkout / "ci" / "tool").write_text("x")
        git(checkout, "add", "--all")
        git(checkout, "commit", "--quiet", "-m", "image")
        git(checkout, "push", "--quiet")
    task(
        home,
        checkout,
        *command,
        isolation="worktree",
        container={"dockerfile": "ci/Dockerfile", "build_timeout": "3s"},
        retry={"max_attempts": 1},
        **keys,
    )
    return checkout


def test_an_image_is_built_once_from_the_base(home: Home, tmp_path: Path, engine: Engine) -> None:
    """With what lies beside the Dockerfile, whatever the checkout has uncommitted; and git works in the tree."""
    checkout = in_tree(home, tmp_path, "FROM scratch\n", "git", "status", "--short")
    (checkout / "ci" / "Dockerfile").write_text("FROM evil\n")
    (checkout / "ci" / "secret").write_text("x")
    record = execute(home, engine)
    assert (record["outcome"], record["result"]) == ("succeeded", None), record
    built = json.loads((engine.state / "built").read_text())
    assert built["files"] == ["Dockerfile", "tool"]
    assert built["dockerfile"] == "FROM scratch\n"
    assert built["name"].startswith("localhost/clodputer/work:")
    drop(home, "two.json", '{"task": "work"}')
    execute(home, engine)
    assert len(engine.calls("build")) == 1
    mounts = [word for word in engine.calls("run")[0] if word.startswith("--mount")]
    common = f"{checkout}/.git"
    assert f"--mount=type=bind,source={common},target={common}" in mounts
    for name in ("config", "hooks"):
        assert f"--mount=type=bind,source={common}/{name},target={common}/{name},readonly" in mounts
    assert sorted(os.listdir(home.containers)) == [".build.lock"]


@pytest.mark.parametrize(
    ("dockerfile", "reason", "said"),
    [
        ("FAIL\n", "image_build", "exit status 1"),
        ("HANG\n", "image_build", "it took too long"),
        (None, "no_container", "has no ci/Dockerfile"),
    ],
)
def test_an_image_that_cannot_be_built(
    home: Home, tmp_path: Path, engine: Engine, dockerfile: Optional[str], reason: str, said: str
) -> None:
    in_tree(home, tmp_path, dockerfile, "true")
    record = execute(home, engine)
    assert (record["reason"], said in record["message"]) == (reason, True), record["message"]
    assert engine.state.joinpath("containers").exists() is False


def test_claude_finds_its_sessions_and_nothing_else_of_an_earlier_run(
    home: Home, tmp_path: Path, engine: Engine
) -> None:
    """What an earlier run has written for the next one to obey is gone; this machine's claude is not asked for."""
    config = Path(home.containers, "work")
    (config / "projects" / "x").mkdir(parents=True)
    (config / "projects" / "x" / "1.jsonl").touch()
    (config / "settings.json").write_text("{}")
    (config / "plugins").mkdir()
    folder = tmp_path / "work"
    folder.mkdir()
    part = {"image": "localhost/box", "network": "internet"}
    write_task(
        home,
        "work",
        f"prompt: hi\ncontainer: {json.dumps(part)}\nworking_directory: {folder}\nretry: {{max_attempts: 1}}\n",
    )
    drop(home, "work")
    record = execute(home, engine)
    assert record["argv"][0] == "claude"
    (argv,) = engine.calls("run")
    assert f"--mount=type=bind,source={config},target=/home/agent/.claude" in argv
    assert "--env=CLAUDE_CONFIG_DIR=/home/agent/.claude" in argv
    assert [str(path.relative_to(config)) for path in sorted(config.rglob("*"))] == [
        "projects",
        "projects/x",
        "projects/x/1.jsonl",
    ]


@pytest.mark.parametrize("step", ["rename .started", "rename record.json", "mkdir /teardown'"])
def test_exec_is_killed(tmp_path: Path, step: str) -> None:
    """The next exec removes the containers by their names, and runs the teardown in one."""
    home, engine = make_home(tmp_path), Engine(tmp_path)
    task(
        home,
        tmp_path / "work",
        "true",
        verify=["sh", "-c", "exit 1"],
        teardown=["sh", "-c", "echo x >> down"],
    )
    ended = execs.call(home, "exec", extra=engine.environ(home), step=step)
    assert ended.status == -9, ended
    execs.run(home, "exec", extra=engine.environ(home))
    assert records(home, "work")
    assert (tmp_path / "work" / "down").read_text() in ("x\n", "x\nx\n")
    assert os.listdir(engine.state / "containers") == []


def test_a_container_and_a_dry_run(home: Home, tmp_path: Path, engine: Engine) -> None:
    """No program of the image is looked for on this machine."""
    task(home, tmp_path / "work", "only-in-the-image")
    shown = clodputer(home, "run", "work", "--dry-run", extra=engine.environ(home))[0]
    assert "only-in-the-image" in shown
