"""Where the shipped templates are: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

import os

from clodputer.model.errors import ClodputerError


def folder() -> str:
    """The templates folder of a wheel, an editable install or a bare checkout. Raises ClodputerError if none is there."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
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
