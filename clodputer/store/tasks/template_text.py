"""Text with `{{ env.X }}` and its like in it: what it may name, what is wrong with it, and its rendering.

jinja2 is imported (with `template_engine`) only for text that holds a template's marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.model.keyvalue import marked
from clodputer.store.tasks.template_terms import BROUGHT, ENV_ONLY, IN_PROMPTS, CannotRender, Fault

__all__ = [
    "BROUGHT",
    "ENV_ONLY",
    "IN_PROMPTS",
    "CannotRender",
    "Fault",
    "faults",
    "marked",
    "names",
    "render",
]


def faults(text: str, known: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    """What is wrong with a template that may name `known`, without rendering it."""
    if not marked(text):
        return []
    from clodputer.store.tasks import template_engine

    return template_engine.faults(text, known)


def names(text: str) -> frozenset[str]:
    """What a sound template names: `body` for a name as a whole, `request.body` for one field of it."""
    if not marked(text):
        return frozenset()
    from clodputer.store.tasks import template_engine

    return template_engine.names(text)


def render(text: str, values: Mapping[str, Any], limit: int) -> str:
    """The text with its templates filled in. Raises CannotRender, also when it grows beyond `limit` characters.

    `values["env"]` is narrowed to the names that stand in the text.
    """
    if not marked(text):
        return text
    from clodputer.store.tasks import template_engine

    return template_engine.render(text, values, limit)
