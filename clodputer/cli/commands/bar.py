"""`clodputer bar`: the state of the home for a menu bar or a status line; `bar install` puts it there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import join
from time import time
from typing import Optional

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.schedulers import installation
from clodputer.store.files import atomic
from clodputer.store.home import Home
from clodputer.views.bar import FORMATS, bar, broken
from clodputer.views.overview.status import gather

NAMES = list(FORMATS)
MARK = "# Written by `clodputer bar install`."
SNIPPETS = {
    "waybar": '"custom/clodputer": {{"exec": "{call}", "return-type": "json", "interval": 30}}',
    "tmux": "set -ag status-right ' #({call})'",
    "i3blocks": "[clodputer]\ncommand={call}\ninterval=30",
}


@click.group(invoke_without_command=True, subcommand_metavar="[install]")
@click.option(
    "--format",
    "form",
    type=click.Choice(NAMES),
    default="swiftbar",
    help="The program to print for; swiftbar by default.",
)
@json_option
@click.pass_context
def command(context: click.Context, form: str) -> Optional[Result]:
    """Print the state of the home for a menu bar or a status line.

    A title with what needs you (⚠), what runs (▶) and what waits (…), and where there is a menu, what each of them is, with
    what can be done about it. It always exits with 0: what goes wrong is shown in the bar. Nothing is changed by it.

    \b
    Examples:
      clodputer bar install --format swiftbar
      clodputer bar --format waybar
    """
    if context.invoked_subcommand:
        return None
    return shown(os.environ, form, time())


def shown(environ: Mapping[str, str], form: str, now: float) -> Result:
    """The text for one of FORMATS at `now` (epoch seconds)."""
    try:
        context = look(environ)
        content = bar(gather(context, now, 1))
        text = context.masker.text(FORMATS[form].render(content, program(context.home)))
    except (ClodputerError, OSError) as error:
        hint = error.hint if isinstance(error, ClodputerError) else ""
        content = broken(str(error), hint)
        text = FORMATS[form].render(content, ("clodputer",))
    return Result({"state": content.state, "title": content.title, "text": text}, text)


def program(home: Home) -> tuple[str, ...]:
    """How this home's clodputer is called from anywhere, without an environment of one's own."""
    shim = installation.shim_path(home.root)
    if os.access(shim, os.X_OK):
        return (shim,)
    return ("/usr/bin/env", f"CLODPUTER_HOME={home.root}", sys.executable, "-m", "clodputer")


@command.command()
@click.option("--format", "form", type=click.Choice(NAMES), required=True, help="For which program.")
@click.option("--folder", metavar="FOLDER", help="Its folder of plugins, where it is not the usual one.")
@json_option
def install(form: str, folder: Optional[str]) -> Result:
    """Write the plugin file of a menu bar, or print what to add to the configuration of a status line.

    swiftbar has a folder that you chose yourself: give it with --folder.

    \b
    Examples:
      clodputer bar install --format xbar
      clodputer bar install --format swiftbar --folder ~/bars
      clodputer bar install --format tmux
    """
    home = look(os.environ).home
    call = join((*program(home), "bar", "--format", form))
    wanted = FORMATS[form]
    if not wanted.file:
        snippet = SNIPPETS[form].format(call=call.replace('"', '\\"') if form == "waybar" else call)
        return Result({"format": form, "file": None, "snippet": snippet}, snippet)
    if not folder and not wanted.folder:
        raise ClodputerError(
            "usage", f"{form} has no usual folder for plugins", "Name yours: --folder FOLDER.", ExitCode.USAGE
        )
    into = Path(folder).expanduser() if folder else Path.home() / wanted.folder
    path = into / wanted.file
    if path.exists() and MARK not in path.read_text(errors="replace"):
        raise ClodputerError(
            "exists", f"{path} was not written by Clodputer", "Move it away, or give another --folder."
        )
    into.mkdir(parents=True, exist_ok=True)
    atomic.write(str(path), f"#!/bin/sh\n{MARK}\nexec {call}\n".encode(), mode=0o755)
    return Result({"format": form, "file": str(path), "snippet": None}, f"Written: {path}")
