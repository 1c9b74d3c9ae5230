"""Which versions of claude runs may be started with: `claude_versions` in config.yaml, decided by what is installed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import PART, TEXT, TEXTS, Key
from clodputer.model.config.withunit import Expected

_VERSION = re.compile(r"\d+\.\d+\.\d+")


class Installed(NamedTuple):
    """A claude that is installed: its path and its version."""

    path: str
    version: str


def a_version(text: str) -> str:
    """The text, if it is a version. Raises Expected."""
    if not _VERSION.fullmatch(text):
        raise Expected("a version such as 2.1.329")
    return text


def choose(
    rule: Mapping[str, Any], usual: Installed, others: Sequence[Installed], last_good: str
) -> tuple[Optional[Installed], str]:
    """The claude to start, or why none may be, as a sentence.

    usual: the one that is found first. others: further ones that are installed. last_good: the version of the latest run that
    succeeded, which comes before the others when the usual one is skipped.
    """
    pin, skip = rule.get("pin") or "", tuple(rule.get("skip") or ())
    everything = (usual, *others)
    if pin:
        found = next((one for one in everything if one.version == pin), None)
        if found is None:
            return (
                None,
                f"claude {pin} is wanted (claude_versions: pin), and {_named(everything)} is installed.",
            )
        return found, ""
    allowed = [one for one in everything if one.version not in skip]
    if usual in allowed:
        return usual, ""
    good = next((one for one in allowed if one.version == last_good), None)
    if good is not None:
        return good, ""
    if allowed:
        return allowed[0], ""
    return None, f"claude {_named(everything)} is installed, and is not to be used (claude_versions: skip)."


def _named(found: Sequence[Installed]) -> str:
    return ", ".join(dict.fromkeys(one.version or "of an unknown version" for one in found))


KEY = Key(
    "claude_versions",
    PART,
    {},
    "Which versions of claude runs may be started with; see [Trying a task](try.md#versions).",
    keys=(
        Key(
            "pin",
            TEXT,
            "",
            "Only this one. It is found where several are installed; where it is not installed, runs of claude wait.",
            check=a_version,
            absent="whichever is installed",
            example="2.1.329",
        ),
        Key(
            "skip",
            TEXTS,
            (),
            "None of these. Another installed version is started instead, preferably the last one with which a run "
            "succeeded; where there is none, runs of claude wait.",
            check=a_version,
            absent="none",
            example=["2.1.330"],
        ),
    ),
    absent="whichever is installed",
    example={"skip": ["2.1.330"]},
)
