"""Where the shipped templates are: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

import os

import clodputer
from clodputer.model.errors import ClodputerError
from clodputer.model.text.suggest import did_you_mean


def folder() -> str:
    """The templates folder of a wheel, an editable install or a bare checkout. Raises ClodputerError if none is there."""
    package = os.path.dirname(os.path.abspath(clodputer.__file__))
    for candidate in (
        os.path.join(package, "templates"),
        os.path.join(os.path.dirname(package), "templates"),
    ):
        if os.path.isdir(candidate):
            return candidate
    raise ClodputerError(
        "templates_missing",
        f"no templates folder in or beside {package}",
        "Install Clodputer again; this copy is incomplete.",
    )


def tasks() -> list[str]:
    """The names of the shipped task files. Raises ClodputerError, OSError."""
    return sorted(name[: -len(".yaml")] for name in os.listdir(f"{folder()}/tasks") if name.endswith(".yaml"))


def task(name: str) -> str:
    """The text of a shipped task file. Raises ClodputerError when there is none of that name."""
    known = tasks()
    if name not in known:
        raise ClodputerError(
            "template_unknown",
            f"there is no template {name[:80]!r}{did_you_mean(name, known)}",
            f"There are {', '.join(known)}: clodputer new --list-templates",
        )
    with open(f"{folder()}/tasks/{name}.yaml", encoding="utf-8") as file:
        return file.read()


def skill(name: str) -> dict[str, str]:
    """The pages of a shipped skill, by their names. Raises ClodputerError, OSError."""
    place = f"{folder()}/skill/{name}"
    found = {}
    for page in sorted(os.listdir(place)):
        with open(f"{place}/{page}", encoding="utf-8") as file:
            found[page] = file.read()
    return found
