"""What an agent cannot work without when all else is kept from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Needs(NamedTuple):
    """What of an agent is let into its sandbox.

    readable: files and folders. config: its config folder and the file of its state, of which it gets the login. settings:
    whether the person's own settings count. reaches: hosts. env: variables that are set.
    """

    readable: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    settings: bool = False
    reaches: tuple[str, ...] = ()
    env: Mapping[str, str] = {}
