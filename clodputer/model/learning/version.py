"""The version of a prompt, by which runs before and after a change of it are told apart."""

from __future__ import annotations

from clodputer.model.numbers.digest import digest

# Of the hash, in bytes: two versions of one task never meet in 48 bits.
SIZE = 6


def version_of(template: str) -> str:
    """A hash of the prompt's template as it is written, empty where there is none. What is filled in does not count."""
    if not template:
        return ""
    return digest(template.encode("utf-8", "replace"), SIZE)
