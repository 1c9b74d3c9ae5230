"""Secrets in what a person has written of a channel: looked up when something is sent, and kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clodputer.model.keyvalue import marked
from clodputer.notify import Refused
from clodputer.store.context import Context
from clodputer.store.tasks import template_text

LONGEST = 100_000
_PLAIN = re.compile(r"\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


def filled(value: Any, context: Context) -> Any:
    """The value with `{{ env.X }}` filled in, in every text of it. Raises Refused for what is not set."""
    if isinstance(value, str):
        return _text(value, context) if marked(value) else value
    if isinstance(value, Mapping):
        return {name: filled(item, context) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(item, context) for item in value]
    return value


def _text(text: str, context: Context) -> str:
    known: Mapping[str, str] = {**context.environ, **context.secrets}

    def value(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise Refused(f"{found[1]} is not set; put {found[1]}=... into secrets.env")
        return known[found[1]]

    if not marked(_PLAIN.sub("", text)):
        return _PLAIN.sub(value, text)
    try:
        return template_text.render(text, {"env": known}, LONGEST)
    except template_text.CannotRender as error:
        raise Refused(str(error)) from None
