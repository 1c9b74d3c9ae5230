"""Which version of claude a test runs, as the package of npm says that brought it."""

from __future__ import annotations

import json
from pathlib import Path


def version_of(binary: str) -> str:
    """The version of the claude at node_modules/.bin/claude."""
    package = Path(binary).parent.parent / "@anthropic-ai" / "claude-code" / "package.json"
    return str(json.loads(package.read_text(encoding="utf-8"))["version"])
