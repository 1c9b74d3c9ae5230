"""Text with templates such as `{{ env.X }}` in it: what they may name, what is wrong with them, and their rendering.

jinja2 is imported (with `template_engine`) only for text that holds a template's marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.config.keyvalue import marked
from clodputer.store.taskfiles import limited
from clodputer.store.taskfiles.template_terms import ENV_ONLY, IN_PROMPTS, CannotRender, Fault, Outside

__all__ = [
    "ENV_ONLY",
    "IN_PROMPTS",
    "CannotRender",
    "Fault",
    "Outside",
    "faults",
    "marked",
    "names",
    "render",
]


# Reading a template takes time and memory for each of its letters; a longer one is read in a child with limits.
LONG = 50_000


def faults(text: str, known: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    """What is wrong with a template that may name `known`, without rendering it."""
    if not marked(text):
        return []
    from clodputer.store.taskfiles import template_engine

    if len(text) <= LONG:
        return template_engine.faults(text, known)
    try:
        return [Fault(*fault) for fault in limited.call(template_engine.faults, text, known)]
    except CannotRender as error:
        return [Fault(1, str(error))]


def names(text: str) -> frozenset[str]:
    """What a sound template names: `body` for a name as a whole, `request.body` for one field of it."""
    if not marked(text):
        return frozenset()
    from clodputer.store.taskfiles import template_engine

    return template_engine.names(text)


def render(text: str, values: Mapping[str, Any], limit: int, outside: Optional[Outside] = None) -> str:
    """The text with its templates filled in. Raises CannotRender, also when it grows beyond `limit` characters.

    It is done in a child with limits of time and memory (`limited`). `values["env"]` is narrowed to the names in the text.
    outside: for a prompt, what of it is from outside and gets a fence.
    """
    if not marked(text):
        return text
    rendered: str = limited.call(_render, text, values, limit, outside)
    return rendered


def _render(text: str, values: Mapping[str, Any], limit: int, outside: Optional[Outside]) -> str:
    from clodputer.store.taskfiles import template_engine

    return template_engine.render(text, values, limit, outside)
