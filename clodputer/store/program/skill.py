"""The skill where Claude Code finds it: whose it is, and which pages it has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Optional

from clodputer.store.files import plainfile
from clodputer.store.files.tilde import expand

NAME = "clodputer"
# Beside the pages that were written: whose the folder is.
MARK = ".written-by-clodputer"
# None of our pages comes near it; in bytes.
LARGEST = 1 << 20


def place(environ: Mapping[str, str], folder: Optional[str] = None) -> str:
    """Where the skill is: in the folder of skills of Claude Code's settings, unless another is named."""
    if folder:
        return os.path.join(os.path.abspath(expand(folder, environ)), NAME)
    config = environ.get("CLAUDE_CONFIG_DIR") or expand("~/.claude", environ)
    return f"{config}/skills/{NAME}"


def is_ours(folder: str) -> bool:
    """Whether we have written this folder."""
    return os.path.exists(f"{folder}/{MARK}")


def pages(folder: str) -> list[str]:
    """The names of its pages. Raises OSError."""
    return sorted(name for name in os.listdir(folder) if name.endswith(".md"))


def differing(folder: str, shipped: Mapping[str, str]) -> list[str]:
    """The pages that are not as they are shipped, are missing, or are not shipped any more. Raises OSError."""
    there = pages(folder)
    return sorted(
        name
        for name in {*there, *shipped}
        if name not in there or _text(f"{folder}/{name}") != shipped.get(name)
    )


def _text(path: str) -> str:
    try:
        return plainfile.read(path, LARGEST).content.decode("utf-8", "replace")
    except ValueError:
        return ""
