"""Completions with spaces, quotes and other signs: typed into real shells in a terminal, they arrive as they were meant."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.cli.completion.commandline import for_bash, words
from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import ROOT, environment, make_home, program

# Each behind a number of its own, by which it is typed.
NAMES = (
    "my file.json",
    "it's.json",
    'say "so".json',
    "$HOME.json",
    "a:b.json",
    "a@b.json",
    "a=b.json",
    "a,b.json",
    "*.json",
    "a(b);c&d|e<f>.json",
    "back\\slash.json",
    "`x`.json",
    "#~!.json",
    "\u00fcml\u00e4ut.json",
    "[a]{b}?.json",
)
SHELLS = {"bash": ["--norc", "-i"], "zsh": ["-f", "-i"], "fish": ["--no-config", "-i"]}
# What each is given before the first completion. The marks are shown when that is done.
BEGIN = {
    "bash": 'set +H; eval "$(clodputer completion bash)"; echo rea""dy\n',
    "zsh": 'autoload -U compinit && compinit -u -D; eval "$(clodputer completion zsh)"; echo rea""dy\n',
    "fish": 'clodputer completion fish | source; echo rea""dy\n',
}


class Typed:
    """An interactive shell, and what the program was called with in it."""

    def __init__(self, shell: str, home: Home, folder: Path) -> None:
        self.called = folder / "called"
        self.called.touch()
        real = f'exec "{sys.executable}" -m clodputer "$@"'
        noted = f'exec "{sys.executable}" -c \'import json, sys; print(json.dumps(sys.argv[1:]))\' "$@" >>{self.called}'
        script = f'cd "{ROOT}"; if [ -n "$_CLODPUTER_COMPLETE" ] || [ "$1" = completion ]; then {real}; fi; {noted}'
        program(folder / "bin", "clodputer", script)
        extra = {
            "PATH": f"{folder}/bin:/usr/local/bin:/usr/bin:/bin",
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "PS1": "$ ",
        }
        self.master, slave = pty.openpty()
        take = (
            "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
            "os.execv(sys.argv[1], sys.argv[1:])"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", take, str(shutil.which(shell)), *SHELLS[shell]],
            env={**environment(home), **extra},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
        )
        os.close(slave)
        self.shown = b""
        try:
            self.type(BEGIN[shell])
            until(lambda: b"ready" in self.read(), message="the shell never came up")
        except BaseException:
            self.end()
            raise

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def read(self) -> bytes:
        while select.select([self.master], [], [], 0)[0]:
            try:
                self.shown += os.read(self.master, 65536)
            except OSError:
                break
            if b"\x1b[c" in self.shown or b"\x1b[0c" in self.shown:
                # fish asks what kind of terminal it is in, and waits for the answer.
                self.shown = self.shown.replace(b"\x1b[c", b"").replace(b"\x1b[0c", b"")
                self.type("\x1b[?62;c")
        return self.shown

    def arguments(self, line: str) -> list[str]:
        """What the program gets of a line; the tabs in it complete."""
        before = len(self.called.read_text().splitlines())
        self.type(f"{line}\n")

        def after() -> list[str]:
            self.read()
            return self.called.read_text().splitlines()[before:]

        found: list[str] = json.loads(until(after, message=f"{line!r} came to nothing")[0])
        return found

    def end(self) -> None:
        """End the shell and what it has forked, some of which lives in process groups of its own."""
        self.process.send_signal(signal.SIGKILL)
        for pid in psutil.pids():
            with suppress(ProcessLookupError):
                if os.getsid(pid) == self.process.pid:
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Typed]:
    name = str(request.param)
    if not shutil.which(name):
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    home = make_home(tmp_path)
    for number, one in enumerate(NAMES):
        Path(home.rejected, f"{number:02}{one}").write_text("")
    typed = Typed(name, home, tmp_path)
    try:
        yield typed
    finally:
        typed.end()


@pytest.mark.slow
def test_what_is_completed_arrives(shell: Typed) -> None:
    """Begun plainly and in both kinds of quotes, in turns: that every name goes with each is tested below."""
    wrong = []
    for number, name in enumerate(NAMES):
        # Within double quotes shells with history read an exclamation mark otherwise, and have no sign against it.
        quote = ("", '"', "'")[number % 3 if "!" not in name else 0]
        got = shell.arguments(f"clodputer show {quote}rejected/{number:02}\t")
        if got != ["show", f"rejected/{number:02}{name}"]:
            wrong.append((quote, name, got))
    assert wrong == []


def test_what_is_begun_after_a_sign_goes_on(shell: Typed) -> None:
    """Some of the name exists already, written as a person does: behind a colon, a space, an equals sign."""
    for begun, name in (
        ("rejected/04a:", "04a:b.json"),
        ("rejected/05a@", "05a@b.json"),
        ("rejected/06a=", "06a=b.json"),
        ("rejected/00my\\ f", "00my file.json"),
        ("rejected/07a,", "07a,b.json"),
    ):
        assert shell.arguments(f"clodputer show {begun}\t") == ["show", f"rejected/{name}"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("clodputer show ", ["clodputer", "show", ""]),
        ("clodputer show a", ["clodputer", "show", "a"]),
        ("clodputer 'a b' c\\ d", ["clodputer", "a b", "c d"]),
        ('clodputer "a $x\\" b', ["clodputer", 'a $x" b']),
        ("clodputer '' x", ["clodputer", "", "x"]),
        ("clodputer a\\", ["clodputer", "a"]),
        ("", [""]),
    ],
)
def test_the_words_of_a_line(line: str, expected: list[str]) -> None:
    assert [word.value for word in words(line)] == expected


@given(
    st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc")), min_size=1, max_size=20),
    st.integers(0, 20),
)
def test_what_bash_is_given_is_read_back(name: str, cut: int) -> None:
    """Whatever was typed of it before, quoted in any way, the whole of the word is the name."""
    begun = name[: min(cut, len(name))]
    for line in (
        for_bash(begun, words("")[-1]),
        '"' + for_bash(begun, words('"')[-1]),
        "'" + for_bash(begun, words("'")[-1]),
    ):
        if line[:1] == "'" and "'" in begun:
            continue  # the quote was closed and opened again
        typed = words(line)[-1]
        assert words(line[:1] * bool(typed.quote) + for_bash(name, typed))[-1].value == name
