#!/usr/bin/env python3
"""A tiny MCP server on stdin and stdout, with one tool `echo`, that can be as hard to get rid of as real ones are."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Optional

CHILD = "import signal, sys\n{ignore}print('up', flush=True)\nwhile True: signal.pause()"
IGNORE = "for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(s, signal.SIG_IGN)\n"
TOOL = {
    "name": "echo",
    "description": "Says what it is told.",
    "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
}


def answer(request: dict[str, Any]) -> Optional[dict[str, Any]]:
    """The answer to one message; None for a notification."""
    if "id" not in request:
        return None
    reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
    method, params = request.get("method"), request.get("params") or {}
    if method == "initialize":
        reply["result"] = {
            "protocolVersion": params.get("protocolVersion", "2025-06-18"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "fake", "version": "1"},
        }
    elif method == "tools/list":
        reply["result"] = {"tools": [TOOL]}
    elif method == "tools/call":
        text = str((params.get("arguments") or {}).get("text", ""))
        reply["result"] = {"content": [{"type": "text", "text": "echo: " + text}]}
    elif method == "ping":
        reply["result"] = {}
    else:
        reply["error"] = {"code": -32601, "message": f"no such method: {method}"}
    return reply


def serve() -> None:
    for line in sys.stdin:
        reply = answer(json.loads(line))
        if reply is not None:
            print(json.dumps(reply), flush=True)


def start_child(stubborn: bool, own_session: bool) -> int:
    """A child that is up, its signal handlers included, when we return."""
    code = CHILD.format(ignore=IGNORE if stubborn else "")
    child = subprocess.Popen(
        [sys.executable, "-S", "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=own_session,
    )
    assert child.stdout is not None
    child.stdout.readline()
    return child.pid


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pids", type=Path, help="write `name pid` lines here when everything is up")
    parser.add_argument("--stubborn", action="store_true", help="outlive SIGTERM and the end of stdin")
    parser.add_argument("--child", action="store_true", help="start a stubborn child")
    parser.add_argument(
        "--setsid-child", action="store_true", help="start a stubborn child in its own session"
    )
    parser.add_argument("--slow", type=float, default=0, help="seconds before the first answer")
    parser.add_argument("--die", action="store_true", help="exit 1 at once, as a broken server does")
    options = parser.parse_args()
    if options.die:
        sys.exit("fake server: told to die")
    pids = [("server", os.getpid())]
    if options.child:
        pids.append(("child", start_child(True, own_session=False)))
    if options.setsid_child:
        pids.append(("setsid-child", start_child(True, own_session=True)))
    if options.stubborn:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
    if options.pids:
        part = options.pids.with_name(options.pids.name + ".part")
        part.write_text("".join(f"{name} {pid}\n" for name, pid in pids))
        part.rename(options.pids)
    time.sleep(options.slow)
    serve()
    while options.stubborn:
        signal.pause()


if __name__ == "__main__":
    main()
