"""Fencing: a text from outside, cleaned, put between the marks of a fence."""

from __future__ import annotations

import re
from typing import Any

from clodputer.model.text.cleaning import SHOWN, clean
from clodputer.model.text.fence import LONGEST, MARK, closing, opening

# In characters: what is longer than a line gets lines of its own.
LONGEST_LINE = 200

_LOOK_ALIKE = re.compile(rf"<(?=[\s/]*{MARK}\b)", re.IGNORECASE)
_LABEL = re.compile(r"[^\w .,:@/*-]")


def fence(value: Any, nonce: str, source: str) -> str:
    """A value as it is in a prompt: in one line if it is short, else in lines of its own between the marks.

    nonce: random, made for this one prompt. source: where it is from, for the agent. Numbers, truth values and what holds
    nothing that can be seen are not fenced.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return str(value)
    given = str(value)
    text = clean(given)
    if not text.strip():
        return text
    label = " ".join(_LABEL.sub(" ", source).split())[:LONGEST_LINE]
    if len(given) <= LONGEST and text != given.replace("\r\n", "\n"):
        label += ", hidden text removed"
    text = re.sub(re.escape(nonce), "-", _LOOK_ALIKE.sub(SHOWN, text), flags=re.IGNORECASE)
    if len(text) <= LONGEST_LINE and "\n" not in text:
        return f"{opening(nonce, label)}{text}{closing(nonce)}"
    lines = text.strip("\n")
    return f"{opening(nonce, label)}\n{lines}\n{closing(nonce)}"
