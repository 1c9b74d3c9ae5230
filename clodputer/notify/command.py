"""The channel `command`: a program of the person's own, with the JSON object on its standard input."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any

from clodputer.notify import Message, program
from clodputer.store.files.tilde import expand

FOR_PEOPLE = False


def send(message: Message, channel: Mapping[str, Any], environ: Mapping[str, str], seconds: float) -> None:
    """As `Channel.send` says."""
    argv = [expand(channel["command"][0], environ), *channel["command"][1:]]
    program.run(argv, f"{dumps(message.to_json())}\n".encode(), environ, seconds)
