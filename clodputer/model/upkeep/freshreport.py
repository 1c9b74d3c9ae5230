"""The report that is kept fresh: its keys in config.yaml, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.model.config.keys import DURATION, PART, PATH, Key

EVERY = 3600.0
# Shorter ones would be written by every sweep, longer ones would be no news, in seconds.
SHORTEST, LONGEST = 60.0, 7 * 86400.0

KEYS = (
    Key(
        "file",
        PATH,
        help="Where it is written, with mode 0600.",
        required=True,
        example="~/clodputer-report.html",
    ),
    Key(
        "every",
        DURATION,
        EVERY,
        "How old it may become before the sweep writes it again.",
        SHORTEST,
        LONGEST,
        example="1h",
    ),
)
SETTING = Key(
    "report",
    PART,
    {},
    "A report as one HTML file, kept up to date; see [The report](report.md#kept-fresh).",
    keys=KEYS,
    short="file",
    absent="none",
    example={"file": "~/clodputer-report.html", "every": "1h"},
)


def file(setting: Mapping[str, Any]) -> str:
    """Where it is to be written, perhaps from `~` on; empty when nowhere."""
    return str(setting.get("file") or "")


def every(setting: Mapping[str, Any]) -> float:
    """How old it may become, in seconds."""
    return float(setting.get("every") or EVERY)
