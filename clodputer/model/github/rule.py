"""Why there is a request from GitHub: a label was set, somebody has commented or reviewed, checks have failed."""

from __future__ import annotations

LABEL, COMMENT, REVIEW, CHECK = "label", "comment", "review", "check"
RULES = (LABEL, COMMENT, REVIEW, CHECK)
# What has happened, in words.
WORDS = {
    LABEL: "the label was set again",
    COMMENT: "there was a new comment",
    REVIEW: "there was a new review",
    CHECK: "checks have failed",
}


def supersedes(rule: str, older: str, *, planned: bool) -> bool:
    """Whether a request made by `rule` stands for one about the same item that was made earlier by `older`, and asks still.

    A new plan takes the place of the one before, whoever asked for it: the issue shows one plan, about which `go` decides.
    Without plans what was commented and reviewed is done by its own run, and only an earlier setting of the label counts for
    nothing any more. Of failed checks nobody has asked for anything else. older: empty for what is not from GitHub.
    """
    if rule not in (LABEL, COMMENT, REVIEW) or not older:
        return False
    return planned or rule == older == LABEL
