"""What is prepared in a run's folder before its agent, and taken down after it: the keys, and what comes of each program."""

from __future__ import annotations

from typing import Optional

from clodputer.model.config.keys import ARGUMENTS, DURATION, Key
from clodputer.model.outcome import Outcome, of
from clodputer.model.proof.proof import OURS, Answer

# Their names in a record.
SETUP, TEARDOWN = "setup", "teardown"
# How long each of them may take, in seconds, where the task does not say.
USUAL_TIMEOUT = 600.0
# A teardown that Clodputer did not see to its end is run again by recovery; so often in all.
MOST_TEARDOWNS = 3

# Blocks of ports: below 32768, where Linux takes the ports of connections from (macOS: 49152).
FIRST_PORT, LAST_PORT, BLOCK = 20_000, 32_699, 100
VARIABLE = "PORT_BASE"

KEYS: tuple[Key, ...] = (
    Key(
        "setup",
        ARGUMENTS,
        (),
        "Prepares the folder in which the agent will work: installs packages, starts a database. It comes after `precheck` "
        "and before `verify`. When it fails, the agent is not started (reason `setup`). See "
        "[Preparing a folder](worktrees.md#preparing-the-folder).",
        example=["npm", "ci"],
    ),
    Key(
        "teardown",
        ARGUMENTS,
        (),
        "Removes what `setup` has made outside the folder, however the run ended. A failure is noted in the record and in the "
        "log, and changes nothing else.",
        example=["docker", "compose", "down"],
    ),
    Key(
        "setup_timeout",
        DURATION,
        USUAL_TIMEOUT,
        "How long `setup` and `teardown` may take, each. The run's own `timeout` begins after `setup`.",
        smallest=1,
        largest=86400,
        example="20m",
    ),
)


def bases() -> range:
    """The first port of each block."""
    return range(FIRST_PORT, LAST_PORT - BLOCK + 2, BLOCK)


def from_setup(answer: Answer) -> Optional[Outcome]:
    """How a run ends for what its setup came to; None when its agent may be started."""
    if answer.stopped in OURS:
        return of(answer.stopped, f"That was during its setup: {answer.words}")
    if answer.status == 0:
        return None
    return of("setup", f"{answer.words} The agent was not started.")


def teardown_failed(answer: Answer) -> str:
    """What is said of a teardown that did not end well; empty for one that did."""
    return "" if answer.status == 0 else f"Its teardown failed: {answer.words}"
