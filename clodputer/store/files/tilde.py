"""`~` at the head of a path, as the shell reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping


def expand(path: str, environ: Mapping[str, str]) -> str:
    """The path with a leading `~` or `~/` replaced by HOME; without HOME the account's own home folder."""
    if path == "~" or path.startswith("~/"):
        return (environ.get("HOME") or os.path.expanduser("~")).rstrip("/") + path[1:] or "/"
    return path
