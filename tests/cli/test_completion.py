"""`clodputer completion`: real shells complete commands, tasks, runs and requests, and nothing heavy is loaded for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.workshop import (
    ROOT,
    clodputer,
    command_task,
    drop,
    environment,
    execute,
    make_home,
    program,
    records,
)

# Each asks its shell for what follows the words in $LINE, and prints one candidate on a line.
ASK = {
    "bash": 'eval "$(clodputer completion bash)"; COMP_LINE=$LINE; COMP_POINT=${#LINE};'
    ' _clodputer_completion clodputer; printf "%s\\n" "${COMPREPLY[@]}"',
    # zsh completes only in a terminal, so its widget's words are handed to the function, and what it adds is printed.
    "zsh": "compdef() { :; }; compadd() { print -rl -- ${(P)@[-1]}; }; _describe() { print -rl -- ${${(P)3}%%:*}; };"
    ' source <(clodputer completion zsh); words=(${(z)LINE}); [[ $LINE == *" " ]] && words+=("");'
    " CURRENT=${#words}; _clodputer_completion",
    "fish": 'clodputer completion fish | source; complete -C "$LINE" | string split -f1 \\t',
}
OPTIONS = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "nightly", "/bin/true")
    command_task(home, "weekly", "/bin/true")
    return home


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program clodputer."""
    return program(tmp_path / "bin", "clodputer", f'exec "{sys.executable}" -m clodputer "$@"').parent


def completed(home: Home, folder: Path, shell: str, line: str) -> list[str]:
    """What a real shell offers at the end of a line."""
    extra = {"LINE": line, "PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin", "TERM": "dumb"}
    done = subprocess.run(
        [str(shutil.which(shell)), *OPTIONS[shell], "-c", ASK[shell]],
        env={**os.environ, **environment(home, extra)},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.stderr == ""
    return [word for word in done.stdout.split("\n") if word]


@pytest.mark.parametrize("shell", sorted(ASK))
def test_a_real_shell(home: Home, folder: Path, shell: str) -> None:
    """Commands, and the tasks after one that takes a task."""
    if not shutil.which(shell):
        if os.environ.get("CI") == "true":
            pytest.fail(f"{shell} is not installed")
        pytest.skip(f"{shell} is not installed")
    assert completed(home, folder, shell, "clodputer comp") == ["completion"]
    assert completed(home, folder, shell, "clodputer run nig") == ["nightly"]
    assert completed(home, folder, shell, "clodputer validate ") == ["nightly", "weekly"]


def offered(home: Home, *words: str) -> list[str]:
    """What is offered for the last of these words."""
    extra = {
        "_CLODPUTER_COMPLETE": "bash_complete",
        "COMP_TYPED": " ".join(["clodputer", *words]),
    }
    stdout, stderr = clodputer(home, extra=extra)
    assert stderr == ""
    return [line.partition(",")[2] for line in stdout.splitlines() if line]


def test_runs_and_requests(home: Home) -> None:
    """A run by its id; a request that waits; a request that was given up; a lane."""
    execute(home)
    drop(home, "nightly")
    drop(home, "late.json", '{"task": "nightly", "id": "late-1234", "expires_at": "2020-01-01T00:00:00Z"}')
    execute(home)
    drop(home, "later.json", '{"task": "weekly", "id": "later-123", "not_before": "2099-01-01T00:00:00Z"}')
    execute(home)
    run_id = records(home, "nightly")[0]["run_id"]
    assert offered(home, "show", run_id[:5]) == [run_id]
    assert offered(home, "cancel", "") == ["later-123"]
    assert offered(home, "retry", "late") == ["late-1234"]
    assert offered(home, "queue", "--lane", "d") == ["default"]
    drop(home, "wrong.json", '{"tsk": "nightly"}')
    execute(home)
    assert offered(home, "retry", "rej") == offered(home, "show", "rej") == ["rejected/wrong.json"]
    assert "rejected/wrong.json" not in offered(home, "show", "")
    assert offered(home, "cancel", "--all-of", "w") == ["weekly"]


def test_without_a_home(tmp_path: Path) -> None:
    """It offers nothing, and says nothing."""
    assert offered(Home(str(tmp_path / "none")), "run", "") == []


def test_nothing_heavy_is_loaded(home: Home) -> None:
    """A person waits for it at each press of the key."""
    code = (
        "import sys\nfrom clodputer.cli.main import main\nmain([])\n"
        "print([name for name in ('pydantic', 'yaml', 'jinja2', 'rich', 'sqlite3', 'psutil') if name in sys.modules])"
    )
    extra = {"_CLODPUTER_COMPLETE": "bash_complete", "COMP_TYPED": "clodputer run n"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(home, extra),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["plain,nightly", "[]"], done.stderr


def test_the_shell_of_the_account(home: Home) -> None:
    """Without an argument SHELL says which one; when it does not, what to type is told."""
    for shell, path in (("bash", "/bin/bash"), ("zsh", "/opt/homebrew/bin/zsh"), ("fish", "/usr/bin/fish")):
        told, _ = clodputer(home, "completion", extra={"SHELL": path})
        assert told == clodputer(home, "completion", shell)[0]
    for path, words in (("/bin/tcsh", "SHELL names '/bin/tcsh'"), ("", "SHELL is not set")):
        told, complaint = clodputer(home, "completion", extra={"SHELL": path}, status=2)
        assert told == ""
        assert words in complaint
        assert "clodputer completion bash, clodputer completion zsh, clodputer completion fish" in complaint
