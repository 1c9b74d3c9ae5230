"""The channel `desktop`: a window on the desktop, by notify-send on Linux and by osascript on macOS."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from clodputer.notify import Message, Refused, program

FOR_PEOPLE = True
# In characters: a window shows no more, and an argument list has its limits.
LONGEST = 1000
_URGENCY = {1: "low", 2: "low", 3: "normal", 4: "normal", 5: "critical"}
# The text comes as arguments, so that nothing in it is a part of the script.
_SCRIPT = (
    "on run a",
    "display notification (item 2 of a) with title (item 1 of a)",
    "end run",
)


def send(message: Message, _channel: Mapping[str, Any], environ: Mapping[str, str], seconds: float) -> None:
    """As `Channel.send` says. That it was shown does not mean that somebody saw it."""
    title, body = (text[:LONGEST].replace("\0", "") for text in (message.title, message.body))
    if sys.platform == "darwin":
        lines = [part for line in _SCRIPT for part in ("-e", line)]
        program.run(["/usr/bin/osascript", *lines, title, body], b"", environ, seconds)
        return
    there = session(environ)
    if not there:
        raise Refused("there is no desktop session: no session bus of this account was found")
    # Many desktops read the body as markup.
    escaped = body.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    argv = ["notify-send", "-a", "clodputer", "-u", _URGENCY[message.priority], "--", title, escaped]
    program.run(argv, b"", there, seconds)


def session(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with which the session bus is found, also from cron, which gives none; empty without one."""
    if environ.get("DBUS_SESSION_BUS_ADDRESS") or environ.get("XDG_RUNTIME_DIR"):
        return dict(environ)
    folder = f"/run/user/{os.geteuid()}"
    return {**environ, "XDG_RUNTIME_DIR": folder} if os.path.exists(f"{folder}/bus") else {}
