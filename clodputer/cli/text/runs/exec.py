"""What an exec does, for the person who called it: a line when a run begins and when it ends; a scheduler has no eyes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from clodputer.cli.terminal.ink import ink, shown
from clodputer.cli.terminal.screen import send
from clodputer.cli.text.runs.run_record import headline
from clodputer.model.outcome import SUCCEEDED


def show(event: str, fields: Mapping[str, Any]) -> None:
    """Print the line of an event, if it has one and the terminal takes it at once: one that is stopped holds up no run."""
    if event == "started":
        line = f"{ink(fields['task'], 'bold')} started   {ink(fields['run_id'], 'dim')}"
    elif event == "finished":
        reason = "" if fields["outcome"] == SUCCEEDED else f" ({fields['reason']})"
        line = f"{headline(fields)}{reason}   clodputer show {fields['run_id']}"
    else:
        return
    send(1, shown(f"{line}\n", sys.stdout, os.environ))


def closing(data: Mapping[str, Any]) -> str:
    """What else there is to say at the end, from the data of `exec`; empty for nothing."""
    lines = []
    if data["coalesced"]:
        lines.append(f"{data['coalesced']} coalesced with a request that waits or ran already")
    if data["rejected"]:
        lines.append(f"{data['rejected']} rejected; why: clodputer queue --rejected")
    if not lines and not data["runs"]:
        lines.append("nothing to run")
    return shown("\n".join(lines), sys.stdout, os.environ)
