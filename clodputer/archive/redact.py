"""Text made fit for strangers: without secrets, and without who and where somebody is; each kind is counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby
from json import dumps
from typing import Any

from clodputer.model.text import leaks
from clodputer.model.text.jsontext import loads
from clodputer.model.text.leaks import Leak
from clodputer.model.text.mask import MASK, Masker

_MAIL = re.compile(r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}\b")
# What is no address of anybody.
_NOBODY = re.compile(r"@(?:[\w.-]+\.)?example\.(?:com|org|net)$|^git@|^noreply@")


class Redactor:
    """One redaction: what it has masked so far, by kind. It lives as long as one bundle is made.

    places: what stands for the person and the machine, each with what is put there instead: home folder, account, host.
    """

    def __init__(self, masker: Masker, places: Mapping[str, str]) -> None:
        self._masker = masker
        self._places = [
            (kind, re.compile(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])"))
            for kind, text in places.items()
            if len(text) > 2
        ]
        self.counts: dict[str, int] = {}

    def text(self, text: str) -> str:
        """The text without any of it."""
        masked = self._masker.text(text)
        if masked != text:
            self._count("secret of this home", max(1, masked.count(MASK) - text.count(MASK)))
        text = leaks.replaced(masked, self._leak)
        for kind, pattern in self._places:
            text, number = pattern.subn(f"[{kind}]", text)
            self._count(kind, number)
        return _MAIL.sub(self._mail, text)

    def data(self, value: Any, key: str = "") -> Any:
        """JSON values with every string in them redacted, keys included; of a secret's name the whole value."""
        if isinstance(value, str):
            if key and leaks.is_name(key) and value and not (value.isdecimal() and "token" in key.lower()):
                self._count("value of a secret's name", 1)
                return MASK
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(name)): self.data(item, str(name)) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.data(item) for item in value]
        return value

    def lines(self, content: bytes) -> bytes:
        """A stream: JSON by its values, as it may spell letters in its own way; the rest as a whole, for keys of many lines."""
        done: list[str] = []
        for is_json, group in groupby(
            map(_parsed, content.decode("utf-8", "replace").split("\n")), key=lambda one: one[0]
        ):
            if is_json:
                done += [dumps(self.data(value), ensure_ascii=False) for _, value in group]
            else:
                done.append(self.text("\n".join(line for _, line in group)))
        return "\n".join(done).encode("utf-8", "replace")

    def _leak(self, leak: Leak) -> str:
        self._count(leak.kind, 1)
        return MASK

    def _mail(self, match: re.Match[str]) -> str:
        if _NOBODY.search(match[0]):
            return match[0]
        self._count("mail address", 1)
        return "[mail address]"

    def _count(self, kind: str, number: int) -> None:
        if number:
            self.counts[kind] = self.counts.get(kind, 0) + number


def _parsed(line: str) -> tuple[bool, Any]:
    """Whether a line is an object or a list of JSON, and its value; else the line."""
    if line.lstrip()[:1] in ("{", "["):
        try:
            return True, loads(line)
        except (ValueError, RecursionError):
            pass
    return False, line
