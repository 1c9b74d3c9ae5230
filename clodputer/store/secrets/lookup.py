"""What the ways to look up a secret have in common: how large it may be, and how they say that they have found none."""

from __future__ import annotations

# In bytes.
LARGEST = 64 * 1024


class Missed(Exception):
    """There is no secret now; the message says why. slow: whether it was waited for to the end of the time."""

    def __init__(self, message: str, *, slow: bool = False) -> None:
        super().__init__(message)
        self.slow = slow


class Locked(Missed):
    """The secret may be there later, when somebody has unlocked, mounted or started what keeps it."""


class Wrong(Missed):
    """Only a person can change that: what config.yaml says cannot work here."""


def text_of(content: bytes) -> str:
    """The secret in what was found: one newline at its end is not part of it. Raises Wrong for what is no text."""
    if len(content) > LARGEST:
        raise Wrong("what was found is larger than 64 KB")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise Wrong("what was found is not UTF-8 text") from None
    if "\0" in text:
        raise Wrong("what was found holds a NUL character")
    text = text.removesuffix("\n")
    text = text.removesuffix("\r")
    if not text:
        raise Wrong("what was found is empty")
    return text
