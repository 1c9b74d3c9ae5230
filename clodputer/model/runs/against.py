"""What the end of a run says against the thing that it was about: mostly nothing, as the same task fails so whatever it is."""

from __future__ import annotations

from clodputer.model.outcome import BLAMELESS, BY_DEFAULT, REASONS

# Failures that say nothing against the thing that a run was about: the same task fails so whatever it is about.
NOT_THE_ITEMS = frozenset(
    (
        "auth",
        "billing",
        "model",
        "permissions",
        "config",
        "not_started",
        "no_worktree",
        "no_container",
        "internal",
        "precheck",
        "setup",
        *(code for code, reason in REASONS.items() if reason.retry == BY_DEFAULT),
    )
)


def speaks_against_item(outcome: str, reason: str) -> bool:
    """Whether an end counts when it is asked how often a thing could not be got done."""
    return outcome not in BLAMELESS and reason not in NOT_THE_ITEMS
