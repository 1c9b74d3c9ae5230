"""Why a request can wait: one table of the reason codes, each with what it means and what lets the request go."""

from __future__ import annotations

from typing import NamedTuple


class Wait(NamedTuple):
    """One reason to wait: what it means, and what ends it, for people. `{task}` in `ends` stands for its name."""

    meaning: str
    ends: str


HOLD = "hold"
BREAKER = "breaker"
BUDGET = "budget"
ADMISSION = "admission"
NOT_BEFORE = "not_before"
RETRY = "retry"
CONCURRENT = "concurrent"
LOGIN = "login"
CLAUDE_VERSION = "claude_version"
CLAUDE_CHANGED = "claude_changed"
OVERLAP = "overlap"
PARKED = "parked"
EXPOSED = "exposed"
WINDOW = "window"
APPROVAL = "approval"
GITHUB = "github"
ITEM = "item"
CEILING = "disk_ceiling"
MACHINE = "machine"
SANDBOX = "sandbox"
SECRET = "secret"  # noqa: S105  (a reason)

WAITS: dict[str, Wait] = {
    NOT_BEFORE: Wait(
        "The request itself says not to run before a moment.", "Nothing: it runs when its time comes."
    ),
    RETRY: Wait(
        "Its last run failed for a reason that passes; it waits for its next attempt.",
        "Nothing: it runs when its time comes. To give it up: clodputer cancel REQUEST",
    ),
    HOLD: Wait(
        "Everything, its lane, its task or its account is on hold.",
        "It goes on when the hold ends, or at once after: clodputer resume",
    ),
    PARKED: Wait(
        "Its item is parked: several runs could not finish it (park_after).",
        "It goes on after: clodputer unpark ITEM (clodputer queue --parked names it)",
    ),
    CONCURRENT: Wait(
        "As many requests are running as all lanes together may run at once (max_concurrent).",
        "Nothing: it runs when one of them has ended.",
    ),
    LOGIN: Wait(
        "Another run uses the same configuration folder of claude, which this login or this version cannot share.",
        "Nothing: it runs when that run has ended. To have several at once: update claude, and put a token of "
        "`claude setup-token` into secrets.env.",
    ),
    CLAUDE_VERSION: Wait(
        "No claude is installed with which config.yaml lets runs begin (claude_versions).",
        "Install the version that is wanted, or change claude_versions; it is asked about again by itself.",
    ),
    CLAUDE_CHANGED: Wait(
        "Another version of claude is installed than the one with which its task was tried, and what that version gives a run "
        "could not be found out.",
        "It is tried again within minutes. To see what is wrong: clodputer try {task}",
    ),
    OVERLAP: Wait(
        "A newer request of the task is being run, and it is to have one run at a time (overlap: replace).",
        "Nothing: it runs when that run has ended. To end it now: clodputer cancel {task}",
    ),
    APPROVAL: Wait(
        "Its task needs a person's approval for each request (approve).",
        "It goes on after: clodputer approve REQUEST. To close it: clodputer deny REQUEST",
    ),
    EXPOSED: Wait(
        "Another account could change what the task does: it can write to its file or to a folder of the home.",
        "It goes on by itself within minutes, once the command in the message has corrected the permissions.",
    ),
    BREAKER: Wait(
        "The task's last runs failed, one after the other (breaker).",
        "It is tried again by itself; to try it now, once the cause is fixed: clodputer reset {task}",
    ),
    BUDGET: Wait(
        "A budget leaves no room for what the run may cost.",
        "It goes on when the budget has room; to run it now, counted all the same: clodputer run {task}",
    ),
    WINDOW: Wait(
        "Too much of its account's usage window is used for a run of this task to begin (window).",
        "It goes on after the window's reset or the hours of keep_back; to run it now, counted all the same: "
        "clodputer run {task}",
    ),
    SANDBOX: Wait(
        "The sandbox that its task asks for does not work on this computer (sandbox).",
        "It is tried again by itself within minutes; to see what to do: clodputer doctor",
    ),
    SECRET: Wait(
        "A secret that config.yaml refers to (secrets) could not be looked up.",
        "It is tried again by itself within minutes: unlock what keeps the secret. To see what is wrong: clodputer doctor",
    ),
    MACHINE: Wait(
        "Its task runs on other machines only (machines).",
        "It goes on there, if they share this home; here, within minutes, after: clodputer edit {task}",
    ),
    GITHUB: Wait(
        "GitHub could not be asked whether the request still holds.",
        "It is asked again by itself. To see whether the token works: clodputer doctor",
    ),
    ITEM: Wait("Another run about the same item is going on.", "It runs when that one has ended."),
    ADMISSION: Wait("Another exec was deciding whether a run may begin.", "It is tried again in seconds."),
    CEILING: Wait(
        "Its lane is on hold: worktrees, the folders of runs or the whole disk take more than disk_ceiling allows.",
        "It goes on by itself, within minutes, when there is room: clodputer trees reclaim, clodputer prune",
    ),
    "disk": Wait("Too little is free on the disk (require: disk_free).", "Make room: clodputer prune --help"),
    "power": Wait("The computer runs on its battery (require: power).", "Plug it in."),
    "network": Wait("There is no network (require: network).", "It goes on when there is one."),
    "memory": Wait(
        "Too much of the memory is in use (require: memory_below).",
        "It goes on when there is more.",
    ),
    "memory_free": Wait(
        "Too little of the memory is free (require: memory_free).", "It goes on when there is more."
    ),
    "cpu": Wait("The processors are too busy (require: cpu_below).", "It goes on when they are less busy."),
    "idle": Wait("Somebody uses the computer (require: idle_for).", "It goes on when nobody uses it."),
}


def ends(reason: str, task: str, request_id: str) -> str:
    """What lets a request of `task` go that waits for this reason; empty for a reason that is not in the table."""
    known = WAITS.get(reason)
    return known.ends.replace("{task}", task).replace("REQUEST", request_id) if known else ""
