"""Why there is a request from GitHub: a label was set, somebody has commented or reviewed, checks have failed."""

from __future__ import annotations

LABEL, COMMENT, REVIEW, CHECK = "label", "comment", "review", "check"
RULES = (LABEL, COMMENT, REVIEW, CHECK)
