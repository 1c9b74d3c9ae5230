"""Proof: whether there is work for a run and whether its work is done, as programs say that its task names; keys, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import join
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import ARGUMENTS, Key
from clodputer.model.outcome import SKIPPED, Outcome, of
from clodputer.model.text.moment import format_duration

# The names of the three looks in a record.
PRECHECK, BEFORE, AFTER = "precheck", "verify_before", "verify_after"

# How long a precheck may take, in seconds: it is to look, and a queue may follow it.
PRECHECK_TIMEOUT = 60.0
# EX_TEMPFAIL of sysexits.h, and what grep and its like exit with when they find nothing.
NO_WORK = (75, 1)
# What a precheck may print at all, in bytes.
PRECHECK_OUTPUT = 4 * 1024 * 1024
# So much of what a look says goes into the record, in characters.
LONGEST_OUTPUT = 2000
# So much of that into the message of an outcome.
_LONGEST_TAIL = 300

# Why we stop a look that are no fault of its own: the run ends for the same reason.
OURS = ("cancelled", "interrupted", "replaced")

# How a run can end before its agent is started.
WITHOUT_AGENT = ("satisfied", "nothing_to_do", "precheck", "setup", "unproven")


class Answer(NamedTuple):
    """What came of a program that was asked. status: its exit status, None when it has none.

    stopped: empty, or why we ended it. problem: why it could not be started, or empty. output: how its output ended, secrets
    masked. seconds: how long it took. limit: how long it may have taken. complained: it wrote to its standard error.
    """

    argv: Sequence[str]
    status: Optional[int] = None
    stopped: str = ""
    problem: str = ""
    output: str = ""
    seconds: float = 0.0
    limit: float = 0.0
    complained: bool = False

    @property
    def words(self) -> str:
        """How it ended, as one sentence, and the end of what it said unless all was well."""
        name = join(self.argv)
        if self.problem:
            return f"{name} could not be run: {self.problem}."
        if self.stopped == "timeout":
            return f"{name} was stopped, as it took longer than {format_duration(self.limit)} (timeout).{self._tail}"
        if self.stopped:
            return f"{name} was stopped: {_STOPPED.get(self.stopped, self.stopped)}.{self._tail}"
        if self.status is None:
            return f"{name} was ended by a signal.{self._tail}"
        return f"{name} exited with status {self.status}.{self._tail if self.status else ''}"

    @property
    def _tail(self) -> str:
        tail = " ".join(self.output[-_LONGEST_TAIL:].split())
        return f" It said: {tail}" if tail else ""


_STOPPED = {
    "output_too_large": "it wrote more than max_output, or a precheck more than 4 MB",
    "cancelled": "the run was cancelled",
    "interrupted": "Clodputer was told to stop",
    "replaced": "a newer request of the task takes the place of this one (overlap: replace)",
}


def from_precheck(answer: Answer) -> Optional[Outcome]:
    """How a run ends for what its precheck says; None when there is work for it."""
    if answer.stopped in OURS:
        return of(answer.stopped, f"That was during its precheck: {answer.words}")
    if answer.status == 0:
        return None
    if answer.status in NO_WORK:
        return of("nothing_to_do", f"The precheck says so: {answer.words}")
    return of("precheck", f"{answer.words} The agent was not started.")


def doubt(answer: Answer) -> str:
    """Why it is doubtful that there is no work, as a precheck says; empty when it is not.

    With 1 exits what finds nothing, and so does nearly every program that fails, which then complains.
    """
    if answer.status != 1 or not answer.complained:
        return ""
    return (
        "Its precheck exited with status 1, as programs do that fail as well, and wrote to its standard error. Let it exit "
        "with 75 when there is nothing to do, and with 2 when it fails."
    )


def from_verify_before(answer: Answer) -> Optional[Outcome]:
    """How a run ends for what `verify` says before it; None when there is something to do.

    What cannot be asked before the run cannot prove it afterwards either, so that nothing is spent on it.
    """
    if answer.stopped in OURS:
        return of(
            answer.stopped, f"That was while it was verified whether there is anything to do: {answer.words}"
        )
    if answer.status == 0:
        return of("satisfied", f"verify succeeds already: {answer.words}")
    if answer.status is None:
        return of(
            "unproven", f"verify could not be run before the agent: {answer.words} The agent was not started."
        )
    return None


def from_verify_after(outcome: Outcome, answer: Answer) -> Outcome:
    """How a run ends that ended well as its agent reports it, for what `verify` says after it."""
    if answer.status == 0:
        return outcome
    if answer.stopped in OURS:
        return of(answer.stopped, f"That was while its work was verified: {answer.words}")
    claim = "The agent said that there was nothing to do. " if outcome.outcome == SKIPPED else ""
    return of("unproven", f"{claim}verify failed after the run: {answer.words}")


def entry(name: str, answer: Answer) -> dict[str, Any]:
    """What a record keeps of a look. Its keys are a promise to programs."""
    return {
        "check": name,
        "ok": answer.status == 0 or (name == PRECHECK and answer.status in NO_WORK),
        "exit_status": answer.status,
        "message": answer.words,
        "output": answer.output[-LONGEST_OUTPUT:],
        "duration_seconds": round(answer.seconds, 3),
    }


def is_proven(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether `verify` did not hold before the run and holds after it."""
    held = {one.get("check"): one.get("ok") for one in entries}
    return held.get(BEFORE) is False and held.get(AFTER) is True


def started_no_agent(reason: str, cost_usd: Optional[float]) -> bool:
    """Whether a run ended before its agent was started, by what the log says about it."""
    return reason in WITHOUT_AGENT and cost_usd == 0


# What is in a prompt for what a precheck prints, as long as it was not asked: in a dry run.
NOT_ASKED = "(In a run, this is what the task's precheck prints.)"

KEYS = (
    Key(
        "precheck",
        ARGUMENTS,
        (),
        "A program that says whether there is any work, before the agent is started. Exit status 0: there is, "
        "and what it printed is "
        "`{{ precheck }}` in the prompt. 75 or 1: there is none, and the run is `skipped` (reason `nothing_to_do`). Anything "
        "else, or more than 60 seconds: it failed (reason `precheck`).",
        example=["./new-issues.sh"],
    ),
    Key(
        "verify",
        ARGUMENTS,
        (),
        "A program that exits with 0 when the work is done. It is run before the agent is started: if it succeeds "
        "already, the run is `skipped` (reason `satisfied`). It is run again after a run that ended well: if it "
        "fails then, the "
        "run failed (reason `unproven`).",
        example=["make", "test"],
    ),
)
