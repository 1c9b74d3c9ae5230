"""Limits: how long a run may take and how much it may write; the value and its keys."""

from __future__ import annotations

from typing import NamedTuple, Optional

from clodputer.model.config.keys import DURATION, SIZE, Key
from clodputer.model.config.withunit import TERABYTE, YEAR


class Limits(NamedTuple):
    """Within which limits a run must stay: seconds and bytes. None: those of the settings."""

    timeout: Optional[float] = None
    startup_timeout: Optional[float] = None
    stall_timeout: Optional[float] = None
    stop_grace: Optional[float] = None
    max_output: Optional[int] = None


KEYS = (
    Key(
        "timeout",
        DURATION,
        help="The longest a run may take.",
        smallest=0.001,
        largest=YEAR,
        absent="that of `config.yaml`, else `1h`",
        example="20m",
    ),
    Key(
        "startup_timeout",
        DURATION,
        help="How long the agent may take until its first output.",
        smallest=0.001,
        largest=YEAR,
        absent="for agents with a prompt that of `config.yaml`, else `90s`; none for command",
        example="2m",
    ),
    Key(
        "stall_timeout",
        DURATION,
        help="How long the agent may be silent while no tool is known to be running.",
        smallest=0.001,
        largest=YEAR,
        absent="for agents with a prompt that of `config.yaml`, else `20m`; none for command",
        example="30m",
    ),
    Key(
        "stop_grace",
        DURATION,
        help="How long a run that is stopped gets to clean up before it is killed.",
        smallest=0,
        largest=YEAR,
        absent="that of `config.yaml`, else `10s`",
        example="30s",
    ),
    Key(
        "max_output",
        SIZE,
        help="A run that writes more is stopped (reason `output_too_large`).",
        smallest=1,
        largest=TERABYTE,
        absent="that of `config.yaml`, else `200MB`",
        example="500MB",
    ),
)
