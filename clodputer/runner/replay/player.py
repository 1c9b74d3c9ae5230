"""A fake agent, a program of its own: it plays a recorded stream in its timing, and ends as the recorded one ended."""

from __future__ import annotations

import json
import os
import signal
import sys
import time


def main(plan: str) -> None:
    """Play what the file `plan` says: stdout and stderr, seconds before each line, exit status or signal."""
    with open(plan, encoding="utf-8") as file:
        told = json.load(file)
    delays = told["delays"]
    with open(told["stdout"], "rb") as lines:
        for number, line in enumerate(lines):
            if number < len(delays) and delays[number] > 0:
                time.sleep(delays[number])
            _say(1, line)
    with open(told["stderr"], "rb") as file:
        while part := file.read(65536):
            _say(2, part)
    if told["signal"]:
        if told["signal"] not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(told["signal"], signal.SIG_DFL)
        os.kill(os.getpid(), told["signal"])
    os._exit(told["exit_status"] or 0)


def _say(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main(sys.argv[1])
