"""`clodputer skill`: what Claude should know of Clodputer, put where Claude Code finds it."""

from __future__ import annotations

import os
from typing import Optional

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic
from clodputer.store.program import skill, templates


@click.group(subcommand_metavar="install | remove")
@json_option
def command() -> None:
    """Install a skill that teaches Claude Code to use Clodputer.

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
    place = skill.place(os.environ, folder)
    _not_of_others(place)
    pages = templates.skill(skill.NAME)
    os.makedirs(place, exist_ok=True)
    atomic.write(f"{place}/{skill.MARK}", b"", mode=0o644)
    for name, text in pages.items():
        atomic.write(f"{place}/{name}", text.encode(), mode=0o644)
    for name in skill.pages(place):
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
    place = skill.place(os.environ, folder)
    if not os.path.lexists(place):
        return Result({"folder": place, "pages": []}, "There is no skill.")
    _not_of_others(place)
    pages = skill.pages(place)
    for name in (*pages, skill.MARK):
        atomic.remove(f"{place}/{name}")
    if not os.listdir(place):
        os.rmdir(place)
    return Result({"folder": place, "pages": pages}, f"Removed: {place}")


def _not_of_others(place: str) -> None:
    if os.path.lexists(place) and not skill.is_ours(place):
        raise ClodputerError(
            "exists",
            f"{place} is there and was not written by Clodputer",
            "Move it away, or name another --folder.",
        )
