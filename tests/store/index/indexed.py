"""A log as execs write it, and what the index tells of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from clodputer.model.text.mask import Masker
from clodputer.store.home import Home
from clodputer.store.index.query import Index
from clodputer.store.log import archive, events

NOW = 1_790_000_000.0


def log(home: Home, event: str, at: float = NOW, **fields: Any) -> None:
    events.append(home, Masker(), at, event, **fields)


def ended(
    home: Home, number: float, task: str = "nightly", outcome: str = "succeeded", cost: Any = 0.5, **more: Any
) -> None:
    """A line as settle writes it."""
    log(
        home,
        "finished",
        NOW + number,
        task=task,
        request_id=f"r{number}",
        run_id=f"run{number}",
        outcome=outcome,
        reason="completed",
        message="",
        duration_seconds=number,
        cost_usd=cost,
        **more,
    )


def lines(home: Home) -> list[dict[str, Any]]:
    """The whole log, as anybody reads it."""
    found = []
    for path in [*archive.archives(home), home.log]:
        if os.path.exists(path):
            found += [json.loads(line) for line in Path(path).read_text().splitlines()]
    return found


def told(home: Home) -> list[dict[str, Any]]:
    with Index(home) as index:
        return index.events()
