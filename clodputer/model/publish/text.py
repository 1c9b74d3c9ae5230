"""Texts that go out: what an agent writes is as untrusted as what it has read, and must neither call nor close anything."""

from __future__ import annotations

import re

from clodputer.model.publish import tokens
from clodputer.model.text.cleaning import clean
from clodputer.model.text.mask import Masker

# GitHub takes this many characters for the body of an issue, a comment or a pull request.
LONGEST = 65_536
# Of no width; between an `@` or `#` and what follows, GitHub sees neither a mention nor a reference.
_APART = "\u200b"

_MENTION = re.compile(r"(?<![A-Za-z0-9_`/])@(?=[A-Za-z0-9])")
# The words by which a pull request or a commit closes an issue (docs.github.com, "Linking a pull request to an issue").
_CLOSING = re.compile(
    r"\b(?P<word>close[sd]?|fix(?:e[sd])?|resolve[sd]?)(?P<between>:?\s+)"
    r"(?P<issue>(?:[\w.-]+/[\w.-]+)?#\d+|https?://\S+?/issues/\d+|GH-\d+)",
    re.IGNORECASE,
)


def outgoing(text: str, masker: Masker, longest: int = LONGEST) -> str:
    """The text as it is sent: without hidden parts, secrets and tokens; it mentions nobody and closes no issue."""
    text = tokens.cut(masker.text(clean(text)))
    text = _CLOSING.sub(
        lambda found: found[0].replace("#", f"#{_APART}").replace("/issues/", f"/{_APART}issues/"), text
    )
    text = re.sub(r"(?i)\bGH-(?=\d)", f"GH{_APART}-", text)
    text = _MENTION.sub(f"@{_APART}", text).strip()
    return text if len(text) <= longest else f"{text[: longest - 40]}\n\n(cut off here)"


def closing(text: str) -> list[str]:
    """The issues that a text would close when it is merged, as it names them."""
    return [found["issue"] for found in _CLOSING.finditer(text)]
