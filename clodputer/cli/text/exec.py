"""What an exec did, in a line for each run; for the person who called it, as a scheduler has no eyes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from clodputer.cli.terminal.ink import shown
from clodputer.cli.text.run_record import headline


def told(data: Mapping[str, Any]) -> str:
    """The lines for the data of `exec`."""
    lines = [f"{headline(record)}   clodputer show {record['run_id']}" for record in data["runs"]]
    if data["coalesced"]:
        lines.append(f"{data['coalesced']} coalesced with a request that waits or ran already")
    if data["rejected"]:
        lines.append(f"{data['rejected']} rejected; why: clodputer queue --rejected")
    return shown("\n".join(lines) or "nothing to run", sys.stdout, os.environ)
