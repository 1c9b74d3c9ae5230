"""The dashboard: everything that its screen shows, as one value, and the reader that keeps it fresh for little."""

from __future__ import annotations

from clodputer.views.dashboard.board import Board, Live
from clodputer.views.dashboard.reader import Reader

__all__ = ["Board", "Live", "Reader"]
