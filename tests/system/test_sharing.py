"""Several claudes with one configuration folder: side by side, apart by `stagger`, or in turn where that cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from clodputer.store.lock import Lock
from tests import warm
from tests.system.test_slots import at_once, began
from tests.wait import at_some_pace, until
from tests.workshop import (
    clodputer,
    drop,
    environment,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    program,
    write_task,
)

# A claude of this version that says that it began, by a file with the moment that was noted for it, and ends when it is let go.
CLAUDE = """\
if [ "$1" = --version ]; then echo asked >> {folder}/asked; echo "{version} (Claude Code)"; exit; fi
cp -p {folder}/home/ledger/last-start {folder}/began-$$ 2>/dev/null || touch {folder}/began-$$
until [ -e {folder}/go ]; do sleep 0.02; done
echo '{{"type":"system","subtype":"init","claude_code_version":"{version}"}}'
echo '{{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"done","total_cost_usd":0}}'
"""


def home_with(folder: Path, version: str, *, rotates: bool, stagger: str = "0s") -> Home:
    """A home with a lane of three slots, whose claude is of this version, with a login that is renewed or not."""
    home = make_home(folder)
    text = CLAUDE.format(folder=folder, version=version)
    claude = program(folder, "claude", text)
    settings = {"claude": str(claude), "lanes": {"default": {"slots": 3}}, "stagger": stagger}
    Path(home.config).write_text(json.dumps(settings))
    login = folder / "login"
    login.mkdir()
    stored = {"claudeAiOauth": {"accessToken": "a", **({"refreshToken": "r"} if rotates else {})}}
    (login / ".credentials.json").write_text(json.dumps(stored))
    write_task(home, "say", json.dumps({"prompt": "Say it.", "env": {"CLAUDE_CONFIG_DIR": str(login)}}))
    for number in range(3):
        drop(home, f"{number}.json", f'{{"task": "say", "id": "say-{number}"}}')
    return home


@pytest.mark.parametrize(
    ("version", "rotates", "words"),
    [
        ("2.1.329", True, "whose login each run renews"),
        ("2.1.258", False, "claude 2.1.258 is older than 2.1.259"),
    ],
)
def test_in_turn(tmp_path: Path, version: str, rotates: bool, words: str) -> None:
    """One run at a time, the others wait and say why; each is woken by the end of the one before."""
    home = home_with(tmp_path, version, rotates=rotates)
    going = warm.server().begin(("exec",), environment(home))
    waiting = until(lambda: _kept_back(home, 2))
    until(lambda: began(tmp_path) == 1)
    assert {row["waits"]["reason"] for row in waiting} == {"login"}
    assert all(words in row["waits"]["message"] for row in waiting)
    (tmp_path / "go").touch()
    assert warm.server().wait(going).status == 0
    assert outcomes(home, "say") == ["succeeded"] * 3
    assert at_once(events(home)) == 1
    assert everything(home) == {}
    assert (tmp_path / "asked").exists() is not rotates


def _kept_back(home: Home, number: int) -> list[dict[str, Any]]:
    rows = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    kept = [row for row in rows if row["waits"]]
    return kept if len(kept) == number else []


def test_side_by_side(tmp_path: Path) -> None:
    """A version that can, and a login that stays: three at once, and the version was asked for once or twice, not for each."""
    home = home_with(tmp_path, "2.1.259", rotates=False)
    going = warm.server().begin(("exec",), environment(home))
    until(lambda: began(tmp_path) == 3)
    (tmp_path / "go").touch()
    assert warm.server().wait(going).status == 0
    assert at_once(events(home)) == 3
    asked = (tmp_path / "asked").read_text().split()
    drop(home, "say-again.json", '{"task": "say"}')
    execute(home)
    assert (tmp_path / "asked").read_text().split() == asked
    (lock,) = Path(home.ledger, "logins").glob("*.lock")
    with Lock(str(lock)) as held:
        assert held


def test_starts_are_staggered(tmp_path: Path) -> None:
    """Each run begins so long after the one before as that one goes on; then nothing is waited for."""

    def holds(unit: float) -> None:
        folder = tmp_path / f"{unit:g}"
        folder.mkdir()
        home = home_with(folder, "2.1.329", rotates=False, stagger=f"{unit:g}s")
        going = warm.server().begin(("exec",), environment(home))
        until(lambda: began(folder) == 3)
        (folder / "go").touch()
        assert warm.server().wait(going).status == 0
        assert everything(home) == {}
        moments = sorted(path.stat().st_mtime for path in folder.glob("began-*"))
        assert all(later - before >= 0.99 * unit for before, later in zip(moments, moments[1:]))

    # One that stood still while it began may have been given the moment of the next one.
    at_some_pace(holds)
