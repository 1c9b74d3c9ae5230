"""An agent in miniature, for `clodputer demo`: it talks in stream events, uses a tool, and leaves a process behind."""

# The standard library only, and no network: this file stands for what the real agent does.
from __future__ import annotations

import json
import subprocess
import sys
import time


def tell(event: dict[str, object]) -> None:
    """Print one event, as a line of JSON."""
    print(json.dumps(event), flush=True)


def say(*blocks: dict[str, object]) -> None:
    """Print a message of the agent's."""
    tell({"type": "assistant", "message": {"content": list(blocks)}})


def main() -> None:
    """Read the prompt, work for about two seconds, and end with the result on the last line."""
    prompt = " ".join(sys.stdin.read().split())
    tell({"type": "system", "subtype": "init", "model": "no model, a small script"})
    time.sleep(0.3)
    say({"type": "text", "text": f"I was asked: {prompt}"})
    time.sleep(0.5)
    # Left behind on purpose, in a session of its own: what a careless tool call does. It would live for an hour.
    command = ["sleep", "3600"]
    left = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    say({"type": "tool_use", "name": "Bash", "input": {"command": " ".join(command) + " &"}})
    time.sleep(0.5)
    tell(
        {
            "type": "user",
            "message": {"content": [{"type": "tool_result", "content": f"started as pid {left.pid}"}]},
        }
    )
    time.sleep(0.3)
    say({"type": "text", "text": "I leave that process running, as careless agents do."})
    time.sleep(0.3)
    words = len(prompt.split())
    tell({"type": "result", "result": f"The prompt has {words} words.", "num_turns": 3, "cost_usd": 0.0})


if __name__ == "__main__":
    main()
