"""`clodputer skill`: what Claude should know of Clodputer, put where Claude Code finds it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Optional

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.model.errors import ClodputerError
from clodputer.store import atomic, templates

NAME = "clodputer"
# Beside the pages that were written: whose the folder is.
MARK = ".written-by-clodputer"


@click.group(subcommand_metavar="install | remove")
@json_option
def command() -> None:
    """Teach Claude Code how to work with Clodputer, by a skill.

    A skill is a folder of pages that Claude reads when they are needed. Nothing else of Claude's settings is changed, and no
    CLAUDE.md.

    \b
    Examples:
      clodputer skill install
      clodputer skill remove
    """


FOLDER = click.option(
    "--folder",
    metavar="FOLDER",
    help="The folder of skills: of a project, for instance .claude/skills, instead of yours.",
)


@command.command()
@FOLDER
@json_option
def install(folder: Optional[str]) -> Result:
    """Write the skill, or bring it up to date."""
    place = _place(os.environ, folder)
    _not_of_others(place)
    pages = templates.skill(NAME)
    os.makedirs(place, exist_ok=True)
    atomic.write(f"{place}/{MARK}", b"", mode=0o644)
    for name, text in pages.items():
        atomic.write(f"{place}/{name}", text.encode(), mode=0o644)
    for name in _pages(place):
        if name not in pages:
            os.unlink(f"{place}/{name}")
    return Result(
        {"folder": place, "pages": sorted(pages)},
        f"Written: {place}\nClaude Code finds it in its next session.",
    )


@command.command()
@FOLDER
@json_option
def remove(folder: Optional[str]) -> Result:
    """Remove the skill; what else lies in its folder stays."""
    place = _place(os.environ, folder)
    if not os.path.lexists(place):
        return Result({"folder": place, "pages": []}, "There is no skill.")
    _not_of_others(place)
    pages = _pages(place)
    for name in (*pages, MARK):
        atomic.remove(f"{place}/{name}")
    if not os.listdir(place):
        os.rmdir(place)
    return Result({"folder": place, "pages": pages}, f"Removed: {place}")


def _place(environ: Mapping[str, str], folder: Optional[str]) -> str:
    """Where the skill is: in the folder of skills of Claude Code's settings, unless another is named."""
    config = environ.get("CLAUDE_CONFIG_DIR") or os.path.expanduser("~/.claude")
    return os.path.join(os.path.abspath(os.path.expanduser(folder)) if folder else f"{config}/skills", NAME)


def _not_of_others(place: str) -> None:
    if os.path.lexists(place) and not os.path.exists(f"{place}/{MARK}"):
        raise ClodputerError(
            "exists",
            f"{place} is there and was not written by Clodputer",
            "Move it away, or name another --folder.",
        )


def _pages(place: str) -> list[str]:
    return sorted(name for name in os.listdir(place) if name.endswith(".md"))
