"""The frame of the command line: every way it can end, as text and as JSON, in every surrounding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from clodputer import __version__
from clodputer.cli.group import COMMANDS, DELETING, program
from clodputer.store.home import Home, exists
from tests.cli.terminal import in_terminal
from tests.workshop import ROOT, clodputer, command_task, environment, records

NAMES = sorted(COMMANDS)


def nowhere(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "none"))


def test_the_help_lists_every_command_without_importing_any(home: Home) -> None:
    """The list costs nothing: no command's module is loaded for it."""
    code = (
        "import sys; from clodputer.cli.main import main; status = main(['--help'])\n"
        "loaded = [name for name in sys.modules if name.startswith('clodputer.cli.')]\n"
        "print(status, sorted(loaded), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(home), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name, line in COMMANDS.items():
        assert f"  {name}" in done.stdout
        assert line in done.stdout
        assert f"clodputer.cli.commands.{name}'" not in done.stderr
    assert done.stderr.startswith("0 ")


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_the_help_that_is_listed_for_it(name: str) -> None:
    """The list is written by hand, and the same as the first line of the command's own help; examples are there."""
    parent = click.Context(program, info_name="clodputer")
    command = program.get_command(parent, name)
    assert command is not None
    help_text = command.help or ""
    assert help_text.split("\n")[0] == COMMANDS[name]
    assert "Examples:" in help_text
    assert f"clodputer {name}" in help_text
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_a_short_option_means_the_same_in_every_command() -> None:
    """Whoever knows `-y` of one command may use it with each that has `--yes`, and it never does anything else."""
    parent = click.Context(program, info_name="clodputer")
    commands = {name: program.get_command(parent, name) for name in NAMES}
    found: dict[frozenset[str], set[frozenset[str]]] = {}
    for command in filter(None, commands.values()):
        for option in command.params:
            short = frozenset(word for word in option.opts if not word.startswith("--"))
            if isinstance(option, click.Option):
                # A number of rows is `--limit` where they are chosen from many, `--count` where they are made.
                names = frozenset({word.replace("--count", "--limit") for word in option.opts} - short)
                found.setdefault(names, set()).add(short)
    assert {names: spelt for names, spelt in found.items() if len(spelt) > 1} == {}
    letters = [letter for (spelt,) in found.values() for letter in spelt]
    assert len(letters) == len(set(letters)) > 5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_of_every_command_runs(home: Home, name: str, option: str) -> None:
    """-h and --help work everywhere, and need no home."""
    stdout, stderr = clodputer(home, name, option)
    assert stdout.startswith(f"Usage: clodputer {name}")
    assert stderr == ""


@pytest.mark.parametrize("name", NAMES)
def test_every_command_takes_json(home: Home, name: str) -> None:
    """Help, too, comes as one envelope."""
    stdout, stderr = clodputer(home, name, "--help", "--json")
    envelope = json.loads(stdout)
    assert envelope["ok"] is True
    assert envelope["command"] == name
    assert "--json" in envelope["data"]["text"]
    assert stderr == ""


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(home: Home, option: str) -> None:
    assert clodputer(home, option) == (f"clodputer {__version__}\n", "")


@pytest.mark.parametrize("words", [(), ("run",), ("config",), ("config", "set")])
def test_the_word_help(home: Home, words: tuple[str, ...]) -> None:
    """It shows what --help shows."""
    assert clodputer(home, "help", *words) == clodputer(home, *words, "--help")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rnu",), "no such command: 'rnu' (did you mean 'run'?)"),
        (("run", "nightly"), "clodputer run has no command 'nightly'"),
        (("config", "sat"), "'sat'"),
    ],
)
def test_help_of_what_there_is_not(home: Home, words: tuple[str, ...], message: str) -> None:
    assert message in clodputer(home, "help", *words, status=2)[1]


def test_without_a_command_the_help_is_shown(home: Home) -> None:
    assert clodputer(home)[0].startswith("Usage: clodputer")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "no such command: 'rnu' (did you mean 'run'?)"),
        (["zzzzz"], "no such command: 'zzzzz'\n"),
        (["run"], "missing argument 'TASK'"),
        (["show", "a", "b"], "unexpected extra argument"),
        (["validate", "--josn"], "--josn"),
        (["--no-such-option"], "--no-such-option"),
        (["run", "nightly", "--context", "novalue"], "--context takes NAME=VALUE"),
        (["run", "nightly", "--context", "a b=c"], "--context takes NAME=VALUE"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(home: Home, arguments: list[str], message: str) -> None:
    """It says what is wrong and where help is, on stderr; with --json in one envelope on stdout."""
    stdout, stderr = clodputer(home, *arguments, status=2)
    assert stdout == ""
    assert message in stderr
    assert "Traceback" not in stderr
    stdout, stderr = clodputer(home, *arguments, "--json", status=2)
    envelope = json.loads(stdout)
    assert envelope["ok"] is False
    assert [error["code"] for error in envelope["errors"]] == ["usage"]
    assert message.strip() in envelope["errors"][0]["message"]
    assert stderr == ""


@pytest.mark.parametrize(
    "arguments", [["run", "hello"], ["exec"], ["exec", "--task", "hello"], ["show", "hello"], ["validate"]]
)
def test_without_a_home_it_says_what_to_do(tmp_path: Path, arguments: list[str]) -> None:
    """An error that can be fixed is exit code 1 with a hint, no traceback."""
    home = nowhere(tmp_path)
    stdout, stderr = clodputer(home, *arguments, status=1)
    assert stdout == ""
    assert stderr == f"error: there is no Clodputer home at {home.root}\nRun: clodputer init\n"
    stdout, stderr = clodputer(home, *arguments, "--json", status=1)
    assert json.loads(stdout) == {
        "version": 1,
        "command": arguments[0],
        "ok": False,
        "data": {},
        "errors": [
            {
                "code": "no_home",
                "message": f"there is no Clodputer home at {home.root}",
                "hint": "Run: clodputer init",
            }
        ],
    }
    assert stderr == ""
    assert not exists(home)


def test_json_after_two_dashes_is_no_option(home: Home) -> None:
    """What follows `--` is an argument, whatever it looks like."""
    stdout, stderr = clodputer(home, "show", "--", "--json", status=1)
    assert stdout == ""
    assert "'--json'" in stderr


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1", "no_SUCH.locale"])
def test_it_works_in_every_locale(home: Home, locale: str) -> None:
    """Outside text with letters that the locale does not have is told all the same."""
    _, stderr = clodputer(
        home, "show", "Zürich-\u2603", extra={"LC_ALL": locale, "PYTHONUTF8": "0"}, status=1
    )
    assert "no run and no task fits" in stderr
    stdout, _ = clodputer(home, "show", "Zürich-\u2603", "--json", extra={"LC_ALL": locale}, status=1)
    assert json.loads(stdout)["errors"][0]["code"] == "run_unknown"


def test_control_characters_of_outside_text_are_shown_not_sent(home: Home) -> None:
    """A name can neither colour the terminal nor set its title, nor turn the order of letters round."""
    _, stderr = clodputer(home, "show", "x\x1b]0;owned\x07\u202ey", status=1)
    assert "\x1b" not in stderr
    assert "\x07" not in stderr
    assert "\u202e" not in stderr
    assert "\\x1b]0;owned" in stderr


def test_colours_are_for_terminals_only(home: Home) -> None:
    """Not in a pipe, not with NO_COLOR, not on a dumb terminal."""
    status, shown = in_terminal(home, "show", "nothing")
    assert status == 1
    assert "\x1b[31;1merror:" in shown
    for extra in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        status, shown = in_terminal(home, "show", "nothing", extra=extra)
        assert status == 1
        assert "\x1b" not in shown
    assert "\x1b" not in clodputer(home, "show", "nothing", status=1)[1]


def test_a_reader_that_goes_away_is_no_error(home: Home) -> None:
    """`clodputer ... | head -1` is quiet."""
    shell = f"'{sys.executable}' -m clodputer validate --help | true; '{sys.executable}' -m clodputer --version >&-"
    done = subprocess.run(["/bin/sh", "-c", shell], env=environment(home), capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_behind_stdout_is_told(home: Home) -> None:
    """What cannot be printed is an error with a message, and no report of a fault."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "clodputer", "--version"],
            env=environment(home),
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("option", [["--task", "greet"], ["--task=greet"]])
def test_exec_answers_the_same_by_both_doors(home: Home, option: list[str]) -> None:
    """The plain form takes the fast door, the other one comes by click: one envelope each, one run each."""
    command_task(home, "greet", sys.executable, "-c", "print('hi')")
    stdout, stderr = clodputer(home, "exec", *option, "--json")
    envelope = json.loads(stdout)
    assert stderr == ""
    assert (envelope["command"], envelope["ok"]) == ("exec", True)
    assert [run["outcome"] for run in envelope["data"]["runs"]] == ["succeeded"]
    assert len(records(home, "greet")) == 1
    assert clodputer(home, "exec", *option) == ("", "")


def test_no_guess_removes_anything() -> None:
    """A word that is near to a command that deletes is answered without naming it."""
    for word in ("purge", "prun", "uninstal", "remov"):
        result = subprocess.run(
            [sys.executable, "-m", "clodputer", word], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert result.returncode == 2
        assert not any(name in result.stderr.replace(repr(word), "") for name in DELETING)
