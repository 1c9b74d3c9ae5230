"""What the doctor says of agents that are not claude: whether they are found and start, and whether a login is seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.model.agent import CLAUDE, KINDS
from clodputer.store.home import Home
from clodputer.views.doctor.agents import agents
from clodputer.views.doctor.finding import Finding
from tests.doctoring import facts, first_on_path
from tests.workshop import make_home, program, write_secrets, write_task

OTHERS = [name for name, kind in KINDS.items() if kind.prompted and name != CLAUDE]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def found(home: Home, folder: Path) -> list[Finding]:
    return agents.others(facts(home, first_on_path(folder)))


def test_nothing_is_asked_of_agents_that_no_task_has(home: Home, tmp_path: Path) -> None:
    write_task(home, "hello", "prompt: say hello\n")
    write_task(home, "off", "agent: codex\nprompt: say hello\nenabled: false\n")
    assert [one.message for one in found(home, tmp_path)] == ["no task has another agent than claude"]


@pytest.mark.parametrize("agent", OTHERS)
def test_an_agent_is_found_with_its_version_and_its_login(agent: str, home: Home, tmp_path: Path) -> None:
    write_task(home, "hello", f"agent: {agent}\nprompt: say hello\n")
    missing = found(home, tmp_path / "empty")
    assert [one.level for one in missing] == ["problem"]
    assert f"there is no {agent}" in missing[0].message
    bin_folder = tmp_path / "bin"
    program(bin_folder, agent, 'touch "$HOME/trace"; echo "some-name 1.2.3"')
    version, login = found(home, bin_folder)
    assert (version.level, login.level) == ("ok", "note")
    assert f"{agent} 1.2.3 ({bin_folder}/{agent})" in version.message
    assert not os.path.exists(f"{os.environ['HOME']}/trace")
    kind = KINDS[agent]
    own = Path(os.environ["HOME"], kind.folder, kind.login)
    own.parent.mkdir(parents=True, exist_ok=True)
    own.touch()
    assert str(own) in found(home, bin_folder)[1].message
    write_secrets(home, f"{kind.keys[0]}=secret-of-mine\n")
    login = found(home, bin_folder)[1]
    assert (login.level, login.message) == ("ok", f"{agent}: {kind.keys[0]}")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo hello", "does not report its version"),
        ("exit 3", "exit status 3"),
        ("exec sleep 60", "does not answer within"),
    ],
)
def test_a_program_that_does_not_start_is_a_problem(
    script: str, words: str, home: Home, tmp_path: Path
) -> None:
    write_task(home, "hello", "agent: codex\nprompt: say hello\nenv: {OPENAI_API_KEY: x}\n")
    program(tmp_path / "bin", "codex", script)
    broken = found(home, tmp_path / "bin")[0]
    assert broken.level == "problem"
    assert words in broken.message
