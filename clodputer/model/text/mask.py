"""Secrets made unreadable in everything that is kept or shown, in the usual spellings of each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from clodputer.model.text.spellings import Spelling, spellings

MASK = "***"

# Shorter values ("1", "yes", "dev") would turn every record into asterisks and protect nothing.
SHORTEST = 4
HARMLESS = frozenset(("true", "false", "null", "none"))


class Masker(NamedTuple):
    """What to hide.

    spellings: longest first, so that no secret's head is left standing beside a shorter one. anchors: those of all spellings.
    """

    spellings: tuple[Spelling, ...] = ()
    anchors: tuple[str, ...] = ()

    def text(self, text: str) -> str:
        """The text with every secret replaced by `***`."""
        # Mostly there is nothing to hide, and a secret has a hundred spellings but a dozen anchors.
        present = {anchor for anchor in self.anchors if anchor in text}
        if not present:
            return text
        for spelling in self.spellings:
            if spelling.anchor in present and spelling.text in text:
                text = (
                    re.sub(spelling.pattern, MASK, text)
                    if spelling.pattern
                    else text.replace(spelling.text, MASK)
                )
        return text

    def data(self, value: Any) -> Any:
        """JSON values with every string in them masked, keys included."""
        if not self.spellings:
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
        return any(spelling.text in text for text in texts for spelling in self.spellings)


def masker(secrets: Iterable[str]) -> Masker:
    """A masker for these secrets, in every spelling that `spellings` knows."""
    found: dict[str, Spelling] = {}
    for secret in secrets:
        if len(secret.strip()) < SHORTEST or secret.lower() in HARMLESS:
            continue
        # A secret of several lines (a private key) is hidden line by line as well.
        for part in {secret, *(line for line in secret.splitlines() if len(line.strip()) >= 2 * SHORTEST)}:
            found.update((spelling.text, spelling) for spelling in spellings(part))
    ordered = sorted(found.values(), key=lambda spelling: (-len(spelling.text), spelling.text))
    return Masker(tuple(ordered), tuple(sorted({spelling.anchor for spelling in ordered})))
