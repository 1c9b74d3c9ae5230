"""Secrets in what a person has written of a channel: filled in when something is sent, and kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.model.config.keyvalue import marked
from clodputer.model.config.secretref import words
from clodputer.notify import Refused
from clodputer.store.context import Context
from clodputer.store.secrets.fetch import directly
from clodputer.store.secrets.lookup import Missed
from clodputer.store.taskfiles import template_text

LONGEST = 100_000
# For looking up one secret, in seconds: less than a letter has (outbox/send.py), so that we end what is started for it.
SECONDS = 5.0
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


def knowing(value: Any, context: Context) -> Context:
    """The context with the secrets by reference that the value names, looked up now. Raises Refused when one cannot be."""
    references = context.settings.secrets
    names = [name for name in dict.fromkeys(_named(value)) if name in references] if references else []
    found = {}
    for name in names:
        try:
            found[name] = directly(references[name], context.environ, SECONDS)
        except Missed as error:
            reference = words(references[name])
            raise Refused(f"the secret {name} ({reference}) could not be looked up: {error}") from None
    return context.knowing(found)


def _named(value: Any) -> Iterator[str]:
    """The names that are written as `{{ env.NAME }}` in the texts of a value."""
    if isinstance(value, str):
        yield from _PLAIN.findall(value)
        if marked(_PLAIN.sub("", value)):
            yield from (name[len("env.") :] for name in template_text.names(value) if name.startswith("env."))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _named(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _named(item)


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
