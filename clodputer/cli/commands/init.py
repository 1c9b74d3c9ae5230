"""`clodputer init`: make the home, keep what is there, and say which was which."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from time import time
from typing import Callable, NamedTuple

import click

from clodputer.agents import environment
from clodputer.agents.claude import locate_binary
from clodputer.cli import called
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink, is_terminal
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.runner.intake.due import drop_due
from clodputer.store import homes
from clodputer.store.context import look
from clodputer.store.files import atomic, owner
from clodputer.store.files.tilde import expand
from clodputer.store.home import Home, exists, locate
from clodputer.store.program import templates
from clodputer.store.upkeep import purge


class _Part(NamedTuple):
    """One file of a new home: where it goes, which shipped file it is, and who may read it."""

    path: str
    template: str
    mode: int


@click.command()
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@json_option
@click.pass_obj
def command(as_json: bool, yes: bool) -> Result:
    """Make the home, with a first task in it.

    The home is ~/.clodputer, or the folder that CLODPUTER_HOME names. It gets the folders of the spool, a README,
    config.yaml, secrets.env (mode 0600) and the task "hello". What exists already is kept as it is, so this may be
    repeated at any time.

    \b
    Examples:
      clodputer init
      CLODPUTER_HOME=~/second-home clodputer init --yes
    """
    asks = not (yes or as_json) and is_terminal(sys.stdin) and is_terminal(sys.stdout)
    return init(os.environ, _ask if asks else None)


def _ask(question: str) -> bool:
    return click.confirm(question, default=True)


def init(environ: Mapping[str, str], ask: Callable[[str], bool] | None = None) -> Result:
    """Make what is missing of the home, after `ask` agreed. Raises ClodputerError, OSError."""
    home = locate(environ)
    owner.check_new(home, environ)
    homes.refuse_newer(home)
    _check_place(home, environ)
    parts = _parts(home)
    missing = [part for part in parts if not os.path.lexists(part.path)]
    kept = [part.path for part in parts if part not in missing]
    was_there, claude = exists(home), _claude(environ)
    data = {
        "home": home.root,
        "made": [part.path for part in missing],
        "kept": kept,
        "claude": claude or None,
    }
    if was_there:
        homes.require(home)
    if was_there and not missing:
        homes.make(home)
        text = f"The home {ink(printable(home.root), 'bold')} is complete; nothing was changed."
        return Result(data, text if claude else f"{text}\n{_missing()}")
    if ask is not None and not ask(f"Make a Clodputer home in {printable(home.root)}?"):
        return Result({**data, "made": []}, "Nothing was made.")
    shipped = templates.folder()
    try:
        homes.make(home)
    except NotADirectoryError as error:
        message = f"{error.filename} is below something that is not a folder"
        raise ClodputerError("home_unfit", message, _ELSEWHERE) from None
    for part in missing:
        with open(f"{shipped}/home/{part.template}", "rb") as file:
            atomic.write(part.path, file.read(), mode=part.mode)
    _look_at_tasks(environ)
    return Result(data, _text(home, missing, kept, claude))


def _claude(environ: Mapping[str, str]) -> str:
    """Where claude is; empty when it is nowhere that we look. What config.yaml names is the doctor's to judge."""
    try:
        return locate_binary("", environ.get("PATH", environment.USUAL_PATH), expand("~", environ))
    except ClodputerError:
        return ""


def _missing() -> str:
    return (
        f"{ink('claude is not installed', 'yellow')}: it is not on PATH, nor where its installers put it. Get it by one of\n"
        "  curl -fsSL https://claude.ai/install.sh | bash\n"
        "  npm install -g @anthropic-ai/claude-code\n"
        "then log in: claude. If it is somewhere else, write claude: /path/to/claude into config.yaml."
    )


def _look_at_tasks(environ: Mapping[str, str]) -> None:
    """Let the ledger know of the tasks from the first moment on, so that the first `exec` has nothing to find out."""
    try:
        drop_due(look(environ), None, time())
    except ClodputerError:
        return  # secrets.env or config.yaml were there before and are broken; whoever runs something is shown that


_ELSEWHERE = "Set CLODPUTER_HOME to a new or empty folder."
_OURS = purge.OURS | {".git", ".gitignore"}


def _check_place(home: Home, environ: Mapping[str, str]) -> None:
    """Refuse a folder that is plainly meant for something else: making a home closes it to everybody (mode 0700)."""
    root = os.path.realpath(home.root)
    if root in ("/", os.path.realpath(environ.get("HOME") or os.path.expanduser("~"))):
        raise ClodputerError("home_unfit", f"{home.root} is too wide for a Clodputer home", _ELSEWHERE)
    if os.path.lexists(home.root) and not os.path.isdir(home.root):
        raise ClodputerError("home_unfit", f"{home.root} exists already and is not a folder", _ELSEWHERE)
    strangers = sorted(set(os.listdir(home.root)) - _OURS) if os.path.isdir(home.root) else []
    if strangers and not os.path.isdir(home.new):
        named = ", ".join(strangers[:3]) + (", ..." if strangers[3:] else "")
        raise ClodputerError("home_unfit", f"{home.root} holds other things already: {named}", _ELSEWHERE)


def _parts(home: Home) -> list[_Part]:
    return [
        _Part(f"{home.root}/README", "README", 0o600),
        _Part(home.config, "config.yaml", 0o600),
        _Part(home.secrets, "secrets.env", 0o600),
        _Part(f"{home.tasks}/hello.yaml", "hello.yaml", 0o600),
    ]


def _text(home: Home, made: list[_Part], kept: list[str], claude: str) -> str:
    lines = [f"The home is {ink(printable(home.root), 'bold')}"]
    lines += [f"  {ink('made', 'green')}  {os.path.relpath(part.path, home.root)}" for part in made]
    lines += [f"  {ink('kept', 'dim')}  {os.path.relpath(path, home.root)}" for path in kept]
    if not claude:
        lines += ["", _missing()]
    lines += called.next_steps(
        ("run hello", "ask claude for one sentence, to see that all is in place"),
        ("new NAME --edit", "make a task of your own"),
        ("install", "have the system's scheduler start the tasks"),
        ("doctor", "see whether anything is in the way"),
    )
    return "\n".join(lines)
