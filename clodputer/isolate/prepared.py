"""What a resource hands to the run that it was made for."""

from __future__ import annotations

from typing import NamedTuple


class Prepared(NamedTuple):
    """temporary: the folder that the run gets as its TMPDIR; working_directory: the one that it works in. Empty: none."""

    temporary: str = ""
    working_directory: str = ""
