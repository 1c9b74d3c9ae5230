"""Which past runs say something about their task: first attempts that did their work or failed for a reason of their own."""

from __future__ import annotations

from clodputer.model.outcome import FAILED, SUCCEEDED, TIMED_OUT
from clodputer.model.proof.proof import started_no_agent
from clodputer.model.runs.pastrun import PastRun

# Why a run fails that says nothing about its task: the network, the service, the login or the account, this machine, us.
OUTSIDE = frozenset(
    (
        "auth",
        "billing",
        "image_build",
        "internal",
        "job_ended",
        "mcp",
        "no_container",
        "no_ports",
        "no_worktree",
        "not_confirmed",
        "not_started",
        "offline",
        "overloaded",
        "sandbox",
        "server_error",
        "startup_hang",
        "worktree_busy",
    )
)
# Where none is named: a run that a person or a plugin asked for by a file.
PLAIN = "none"


def says_something(run: PastRun) -> bool:
    """Whether a run tells whether its task does its work: not one that was skipped, limited, cancelled or lost, nor one whose
    failure lies outside, nor one whose agent was not started."""
    return (
        run.outcome in (SUCCEEDED, FAILED, TIMED_OUT)
        and run.reason not in OUTSIDE
        and not started_no_agent(run.reason, run.cost_usd)
    )


def is_judged(run: PastRun) -> bool:
    """Whether a run counts in rates of success: later attempts do not, as they are there only where the first one failed."""
    return run.attempt == 1 and says_something(run)


def is_good(run: PastRun) -> bool:
    """Whether a judged run did its work, as far as anybody knows: one that may have done nothing all the same did not."""
    return run.outcome == SUCCEEDED and not run.suspect


def item_kind(run: PastRun) -> str:
    """What kind of thing a run was about: by the trigger that brought it, `none` for runs about nothing in particular."""
    return (run.trigger or PLAIN) if run.item else PLAIN
