"""What claude prints when a run ends for each reason: streams of the fake claude, made once, for a shell script to play."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from tests.fakes.fake_events import Talk
from tests.fakes.fake_play import Play

SESSION, COST, RESETS = "@SESSION@", 7777.5, "1999999999"

# How a run ends, by its reason: the directives of the fake.
STREAMS = {
    "completed": "",
    "nothing_to_do": 'say {"nothing_to_do": "none"}',
    "auth": "api_error authentication_failed 401",
    "billing": "api_error billing_error 400",
    "model": "api_error model_not_found 404",
    "overloaded": "api_error overloaded_error 529",
    "server_error": "api_error server_error 500",
    "offline": "api_error server_error",
    "invalid_request": "api_error invalid_request 400",
    "usage_limit": "limit 5400",
    "max_turns": "error error_max_turns",
    "max_cost": "error error_max_budget_usd",
    "denied": "denied Bash",
    "no_result": "no_result",
    "empty": "zero_turns",
    "agent_error": "is_error_exit_0",
    "exit_status": "exit 7",
    "no_progress": "tool git status\n" * 21,
    "stall": "no_result",
}


class _Kept(Talk):
    """A voice that is written down instead of heard."""

    def __init__(self) -> None:
        super().__init__(SESSION, "claude-opus-5-5", "default")
        self.cost = COST
        self.said = b""

    def write(self, data: bytes) -> None:
        self.said += data


def make(folder: Path) -> None:
    """One file for each reason, and beside it the exit status."""
    folder.mkdir()
    for reason, directives in STREAMS.items():
        voice = _Kept()
        before = {
            number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        }
        try:
            words = [line.partition(" ")[::2] for line in directives.splitlines()]
            status = Play(voice, "").all([(name, rest) for name, rest in words])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        text = re.sub(r'("resetsAt": )\d+', rf"\g<1>{RESETS}", voice.said.decode())
        (folder / reason).write_text(text)
        (folder / f"{reason}.status").write_text(f"{status}\n")
