"""Denied calls of a run as entries of allowed_tools: those that would have let them through, as its record has them."""

from __future__ import annotations

from typing import Any

# So many of a run are in the log, and none of more characters.
MOST, LONGEST = 10, 120


def wanted(denials: Any) -> list[str]:
    """The entries that a record's `permission_denials` name, each once."""
    found: list[str] = []
    for denial in denials if isinstance(denials, list) else ():
        rules = denial.get("rules") if isinstance(denial, dict) else None
        for rule in rules if isinstance(rules, list) else ():
            if (
                isinstance(rule, str)
                and 0 < len(rule) <= LONGEST
                and rule.isprintable()
                and rule not in found
            ):
                found.append(rule)
    return found[:MOST]
