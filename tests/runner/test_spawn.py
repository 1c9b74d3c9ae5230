"""Starting a process: what it inherits, what it does not, and why it could not be started."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.run import Launch
from clodputer.runner.processes.spawn import keep_descriptors_private, spawn
from tests.house import CHECKOUT

# Whatever goes for one way of starting goes for the other.
WAYS = pytest.mark.parametrize("by_fork", [False, True], ids=["posix_spawn", "fork"])

# Written by the child about itself.
CONFESSION = """
import json, os, signal, sys
by_python = (signal.SIGPIPE, signal.SIGXFSZ)
ignored = [s for s in signal.valid_signals() if s not in by_python and signal.getsignal(s) == signal.SIG_IGN]
print(json.dumps({
    "cwd": os.getcwd(), "env": dict(os.environ), "stdin": sys.stdin.read(), "argv": sys.argv[1:],
    "session": os.getsid(0) == os.getpid(), "group": os.getpgid(0) == os.getpid(),
    "ignored": ignored, "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "descriptors": sorted(int(name) for name in os.listdir("/dev/fd"))[:-1],
}))
print("said on stderr", file=sys.stderr)
"""


def start(folder: Path, argv: list[str], by_fork: bool = False, env: Optional[dict[str, str]] = None) -> int:
    """Spawn in `folder`, wait, and return what waitpid tells."""
    prompt = folder / "prompt.txt"
    prompt.write_text("the prompt\n")
    stdin = os.open(prompt, os.O_RDONLY)
    try:
        launch = Launch(tuple(argv), env or {"PATH": "/usr/bin:/bin"}, str(folder))
        pid = spawn(launch, stdin, str(folder / "stdout"), str(folder / "stderr"), by_fork)
        return os.waitpid(pid, 0)[1]
    finally:
        os.close(stdin)


def confess(folder: Path, by_fork: bool) -> dict[str, object]:
    """Spawn a child that tells about itself."""
    assert (
        start(folder, [sys.executable, "-S", "-c", CONFESSION, "-x", "a b"], by_fork, {"A": "ä", "B": ""})
        == 0
    )
    found: dict[str, object] = json.loads((folder / "stdout").read_text())
    return found


@pytest.fixture(autouse=True)
def same_working_directory() -> Iterator[None]:
    """Whatever happens, we are afterwards where we were before."""
    before = os.getcwd()
    yield
    assert os.getcwd() == before


@WAYS
def test_a_child_gets_what_the_launch_says_and_nothing_more(tmp_path: Path, by_fork: bool) -> None:
    """Its arguments, environment, folder and prompt; a session of its own; no descriptor but three."""
    child = confess(tmp_path, by_fork)
    env = child.pop("env")
    assert isinstance(env, dict)
    by_the_system = ("LC_CTYPE", "__CF_USER_TEXT_ENCODING")
    assert {name: env[name] for name in env if name not in by_the_system} == {"A": "ä", "B": ""}
    assert child == {
        "cwd": os.path.realpath(tmp_path),
        "stdin": "the prompt\n",
        "argv": ["-x", "a b"],
        "session": True,
        "group": True,
        "ignored": [],
        "blocked": 0,
        "descriptors": [0, 1, 2],
    }
    assert (tmp_path / "stderr").read_text() == "said on stderr\n"
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("stdout", "stderr")} == {0o600}


@WAYS
def test_stray_descriptors_and_locks_stay_with_us(tmp_path: Path, by_fork: bool) -> None:
    """One that was left open to us as inheritable is not handed on, and neither is that of a lock."""
    stray = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(stray, True)
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(lock, True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert confess(tmp_path, by_fork)["descriptors"] == [0, 1, 2]
    finally:
        os.close(stray)
        os.close(lock)


@WAYS
def test_ignored_and_blocked_signals_are_not_inherited(tmp_path: Path, by_fork: bool) -> None:
    """As under nohup, or a scheduler that blocks signals while it starts us."""
    before = {
        number: signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1)
    }
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGUSR2))
    try:
        child = confess(tmp_path, by_fork)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
    assert (child["ignored"], child["blocked"]) == ([], 0)


@WAYS
def test_closed_streams_of_ours_do_not_get_mixed_up(tmp_path: Path, by_fork: bool) -> None:
    """With our own 0, 1 and 2 closed, files we open get these numbers; each still ends up in its place."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.closerange(0, 3)
            status = start(tmp_path, ["/bin/sh", "-c", "cat; echo bad >&2"], by_fork)
        finally:
            os._exit(status and 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert ((tmp_path / "stdout").read_text(), (tmp_path / "stderr").read_text()) == ("the prompt\n", "bad\n")


def test_output_is_appended(tmp_path: Path) -> None:
    """So a file that is cut while it is written has no hole."""
    for word in ("one", "two"):
        assert start(tmp_path, ["/bin/echo", word]) == 0
    assert (tmp_path / "stdout").read_text() == "one\ntwo\n"


def write(path: Path, text: str, mode: int = 0o755) -> str:
    """A program."""
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def refused(folder: Path, argv: list[str], by_fork: bool, env: Optional[dict[str, str]] = None) -> str:
    """What is said of an attempt to start this."""
    with pytest.raises(ClodputerError) as caught:
        start(folder, argv, by_fork, env)
    assert caught.value.code == "not_started"
    return str(caught.value)


@WAYS
def test_every_reason_for_not_starting_is_told(tmp_path: Path, by_fork: bool) -> None:
    """Each of what can be wrong with a program has a message of its own, naming it."""
    missing = str(tmp_path / "missing")
    assert f"there is no program {missing}" in refused(tmp_path, [missing], by_fork)
    plain = write(tmp_path / "plain", "#!/bin/sh\n", 0o644)
    assert f"{plain} is not executable\nRun: chmod +x {plain}" in refused(tmp_path, [plain], by_fork)
    script = write(tmp_path / "script", "#!/no/such/python -u\n")
    assert f"{script} needs /no/such/python, which is missing" in refused(tmp_path, [script], by_fork)
    assert "is a folder, not a program" in refused(tmp_path, [str(tmp_path)], by_fork)
    assert "not a program that this system can run" in refused(
        tmp_path, [write(tmp_path / "text", "hello\n")], by_fork
    )
    assert "too long" in refused(tmp_path, ["/bin/echo", *["x" * 100_000] * 100], by_fork)
    assert "cannot be given its arguments" in refused(tmp_path, ["/bin/echo", "a\0b"], by_fork)
    assert "cannot be given its arguments" in refused(tmp_path, ["/bin/echo"], by_fork, {"A=B": "c"})


def refused_in(folder: Path, directory: Path) -> str:
    """What is said of an attempt to start in this directory."""
    stdin = os.open("/dev/null", os.O_RDONLY)
    launch = Launch(("/bin/true",), {}, str(directory))
    try:
        with pytest.raises(ClodputerError) as caught:
            spawn(launch, stdin, str(folder / "stdout"), str(folder / "stderr"))
    finally:
        os.close(stdin)
    assert caught.value.code == "not_started"
    return str(caught.value)


def test_a_bad_working_directory_is_told(tmp_path: Path) -> None:
    """It is not mistaken for a missing program."""
    missing, file = tmp_path / "missing", tmp_path / "file"
    file.touch()
    assert f"there is no working directory {missing}" in refused_in(tmp_path, missing)
    assert f"the working directory {file} is not a folder" in refused_in(tmp_path, file)


@pytest.mark.usefixtures("mortal")
def test_a_closed_working_directory_is_told(tmp_path: Path) -> None:
    """Who may not enter is told so."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert f"this account may not enter the working directory {closed}" in refused_in(tmp_path, closed)


def test_a_working_directory_of_ours_that_was_removed_is_no_trouble(tmp_path: Path) -> None:
    """A scheduler may have started us in a folder that is gone since."""
    gone = tmp_path / "gone"
    gone.mkdir()
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom tests.runner.test_spawn import start\n"
        "os.rmdir(os.getcwd())\nsys.exit(start(Path(sys.argv[1]), ['/bin/true']))\n"
    )
    # A program of its own: the guard of the tests wants to know the working directory at every step.
    env = {**os.environ, "PYTHONPATH": CHECKOUT}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=gone, env=env, check=True)


def test_descriptors_are_made_private(tmp_path: Path) -> None:
    """All but the three."""
    stray = os.dup(0)
    os.set_inheritable(stray, True)
    keep_descriptors_private()
    assert not os.get_inheritable(stray)
    os.close(stray)
