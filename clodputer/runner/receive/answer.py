"""What a sender gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Answer(NamedTuple):
    """What the sender gets. kind: its content type."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = {}
    kind: str = "text/plain; charset=utf-8"
