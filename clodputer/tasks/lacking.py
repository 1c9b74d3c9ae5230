"""What a prompt names that only another key of its task brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.store.taskfiles import template_text

_NEEDED = {
    "precheck": "{{ precheck }} is what the program under precheck prints; add precheck: [program, argument]",
    "state": "{{ state }} is what the task remembers; add state: {}",
    "memory": "{{ memory }} is what the last run wrote down; add memory: true",
}


def lacks(prompt: str, keys: Mapping[str, Any]) -> Iterator[str]:
    """What to say of each name in a sound prompt that the keys of its file do not bring."""
    for name, message in _NEEDED.items():
        if name not in keys and name in prompt:
            named = template_text.names(prompt)
            if any(used == name or used.startswith(f"{name}.") for used in named):
                yield message
