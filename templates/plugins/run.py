#!/usr/bin/env python3
"""A plugin in Python. It gets one JSON object on its standard input, answers one on its standard output, and ends."""

import json
import os
import sys


def poll(config, state):
    """Count the files of a folder; say so when their number is another than the last time."""
    folder = os.path.expanduser(config.get("folder", "~"))
    files = len(os.listdir(folder))
    if files == state.get("files"):
        return {"status": "ok"}
    return {
        "status": "ok",
        # What it has seen goes into its state, and becomes an event for the routes in config.yaml.
        "state_updates": {"files": files},
        "events": [{"type": "files.changed", "payload": {"folder": folder, "files": files}}],
        "logs": [{"level": "info", "message": f"{folder} has {files} files"}],
    }


def main():
    """Answer what is asked."""
    asked = json.load(sys.stdin)
    if asked["command"] == "poll":
        answer = poll(asked["config"], asked["state"])
    elif asked["command"] == "health":
        answer = {"status": "ok"}
    else:
        # The same at every try: no second one.
        answer = {"status": "error", "error": f"unknown command {asked['command']}", "retry": False}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
