"""Secrets made unreadable in everything that is kept or shown."""

from __future__ import annotations

from collections.abc import Iterable
from json import dumps
from typing import Any, NamedTuple

from clodputer.model.jsontext import dumps_unicode

MASK = "***"

# Shorter values ("1", "yes", "dev") would turn every record into asterisks and protect nothing.
SHORTEST = 4
HARMLESS = frozenset(("true", "false", "null", "none"))


class Masker(NamedTuple):
    """The values to hide, longest first so that no secret's head is left standing beside a shorter one."""

    values: tuple[str, ...] = ()

    def text(self, text: str) -> str:
        """The text with every secret replaced by `***`."""
        for value in self.values:
            text = text.replace(value, MASK)
        return text

    def data(self, value: Any) -> Any:
        """JSON values with every string in them masked, keys included."""
        if not self.values:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.data(item) for item in value]
        return value

    def found_in(self, texts: Iterable[str]) -> bool:
        """Whether any of the texts holds a secret."""
        return any(value in text for text in texts for value in self.values)


def masker(secrets: Iterable[str]) -> Masker:
    """A masker for these secrets, in the plain form and as JSON writes them inside a string."""
    forms: set[str] = set()
    for secret in secrets:
        if len(secret.strip()) < SHORTEST or secret.lower() in HARMLESS:
            continue
        # A secret of several lines (a private key) is hidden line by line as well.
        for part in (secret, *(line for line in secret.splitlines() if len(line.strip()) >= 2 * SHORTEST)):
            forms.update((part, dumps(part)[1:-1], dumps_unicode(part)[1:-1]))
    return Masker(tuple(sorted(forms, key=lambda form: (-len(form), form))))
