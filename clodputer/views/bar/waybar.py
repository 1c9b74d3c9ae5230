"""waybar: one line of JSON, whose text and tooltip are Pango markup."""

# The format: the manual page waybar-custom(5), of a module with "return-type": "json".
from __future__ import annotations

from collections.abc import Sequence
from html import escape
from json import dumps

from clodputer.views.bar.content import Bar, plain


def text(bar: Bar, _program: Sequence[str]) -> str:
    """The title, the menu as a tooltip, and the state as a class for a style sheet."""
    lines = []
    for section in bar.sections:
        if section.heading:
            lines += [
                f"<b>{escape(plain(section.heading))}</b>",
                *(f"  {_line(row.text)}" for row in section.rows),
            ]
        if section.left_out:
            lines.append(f"  and {section.left_out} more")
    return dumps(
        {
            "text": _line(bar.title),
            "tooltip": "\n".join(lines) or "Nothing waits.",
            "class": bar.state,
            "alt": bar.state,
        },
        ensure_ascii=False,
    )


def _line(text: str) -> str:
    return escape(plain(text), quote=False)
