"""What a resource hands to the run that it was made for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Prepared(NamedTuple):
    """temporary: the folder that the run gets as its TMPDIR; working_directory: the one that it works in. Empty: none.

    environ: variables that the run gets. within: by the names of resources, what its programs are started within.
    """

    temporary: str = ""
    working_directory: str = ""
    environ: Mapping[str, str] = {}
    within: Mapping[str, Mapping[str, Any]] = {}
