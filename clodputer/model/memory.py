"""What a task's runs write down for the next one, in prose: its key, and which later run may be given it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import NEVER, PART, SIZE, Key

KB = 1024
# In bytes, where the task does not say, and at most: all of it is in each prompt.
USUAL_SIZE, LARGEST = 16 * KB, 64 * KB

# Codes of a memory that is not kept.
CONFLICT, UNFIT = "memory_conflict", "memory_unfit"

# From those that let an agent do the least to those that let it do the most; what is not known counts as the most.
_MODES = ("plan", "dontAsk", "", "acceptEdits", "auto", "bypassPermissions")
_SAME = {"default": "", "manual": ""}


class MemoryRule(NamedTuple):
    """max_size: of the text, in bytes; None for a task that has no memory."""

    max_size: Optional[int] = None

    @property
    def kept(self) -> bool:
        """Whether the task has a memory."""
        return self.max_size is not None


KEYS = (
    Key(
        "memory",
        PART,
        {},
        "A text that each run may rewrite for the next one; `memory: true` switches it on. See [Memory](state.md#memory).",
        keys=(
            Key(
                "max_size",
                SIZE,
                help="A longer text is not kept.",
                smallest=2,
                largest=LARGEST,
                absent="`16KB`",
                example="10KB",
            ),
        ),
        absent="none",
        env=NEVER,
        bare=True,
        example={"max_size": "10KB"},
    ),
)


def rights(
    agent: str,
    mode: str,
    allowed: Iterable[str],
    denied: Iterable[str],
    reach: Iterable[str],
    sources: Optional[Iterable[str]],
    *,
    fed: bool,
) -> dict[str, Any]:
    """What a run may do, as it is kept with what it writes. reach: its folders, servers, and the names of its variables.

    sources: the settings that count, None for all. fed: it is fed by text from outside, and restricted for that.
    """
    return {
        "agent": agent,
        "permission_mode": _SAME.get(mode, mode),
        "allowed_tools": sorted(set(allowed)),
        "disallowed_tools": sorted(set(denied)),
        "reach": sorted(set(reach)),
        "settings_sources": None if sources is None else sorted(set(sources)),
        "fed": fed,
    }


def grown(before: Any, now: Mapping[str, Any]) -> list[str]:
    """What a run may do that the writer of its memory could not, in words; empty when nothing. before: as it was kept."""
    if not isinstance(before, Mapping):
        return ["it is not known what its writer was allowed to do"]
    found = []
    if before.get("agent") != now["agent"]:
        found.append(f"agent: {now['agent']}")
    if _rank(now["permission_mode"]) > _rank(before.get("permission_mode")):
        found.append(f"permission_mode: {now['permission_mode'] or 'default'}")
    had = _texts(before.get("allowed_tools"))
    more = [rule for rule in now["allowed_tools"] if rule not in had and rule.partition("(")[0] not in had]
    found += [f"allowed_tools: {rule}" for rule in more]
    kept_from = _texts(before.get("disallowed_tools")) - set(now["disallowed_tools"])
    found += [f"no longer in disallowed_tools: {rule}" for rule in sorted(kept_from)]
    found += [one for one in now["reach"] if one not in _texts(before.get("reach"))]
    sources = before.get("settings_sources")
    if sources is not None and not (
        now["settings_sources"] is not None and set(now["settings_sources"]) <= _texts(sources)
    ):
        found.append("more settings_sources")
    if before.get("fed") is not False and not now["fed"]:
        found.append("its prompt holds no text from outside, unlike its writer's")
    return found


def _rank(mode: Any) -> int:
    return _MODES.index(mode) if mode in _MODES else len(_MODES)


def _texts(value: Any) -> set[str]:
    return {one for one in value if isinstance(one, str)} if isinstance(value, (list, tuple)) else set()
