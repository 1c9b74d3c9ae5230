"""What of its start is an agent's own: its program, and the variables by which it is logged in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Own(NamedTuple):
    """program: its name in PATH. logins: variables with a key, each of which says by itself who pays; others: more variables
    that it gets. settings: variables for running unattended, which a task may override. package: what npm calls it.
    """

    program: str
    logins: tuple[str, ...]
    others: tuple[str, ...] = ()
    settings: Mapping[str, str] = {}
    package: str = ""
