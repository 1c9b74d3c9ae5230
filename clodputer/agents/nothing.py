"""Nothing to do: how an agent says so at its end, by `{"nothing_to_do": "why"}` as its result or on the last line of it."""

from __future__ import annotations

from typing import Any, Optional

from clodputer.agents import lines

KEY = "nothing_to_do"
LONGEST = 500
# A last line longer than this is none of these.
_LONGEST_LINE = 4096
# Models put JSON into fences, or into backquotes.
_FENCES = ("```", "~~~")


def said(result: Any) -> Optional[str]:
    """Why there was nothing to do, if that is what the result of an agent says; None when it says something else.

    Such a result is an object with the key, or a text whose last line is an object with this key alone. Its value is the
    reason, or `true`.
    """
    if isinstance(result, str):
        value = on_last_line(result, _LONGEST_LINE)
        return _why(value.get(KEY)) if set(value) == {KEY} else None
    return _why(lines.mapping(result).get(KEY))


def _why(value: Any) -> Optional[str]:
    if value is True:
        return ""
    return lines.shortened(value, LONGEST) if isinstance(value, str) and value.strip() else None


def on_last_line(text: str, longest: int) -> dict[str, Any]:
    """The JSON object on the last line of a text, with or without a fence; an empty one when there is none.

    longest: in characters; a longer line is none.
    """
    written = [line.strip() for line in text[-2 * longest :].splitlines() if line.strip()]
    while written and written[-1] in _FENCES:
        written.pop()
    line = written[-1].strip("`") if written else ""
    if not line.startswith("{") or len(line) > longest:
        return {}
    try:
        return lines.mapping(lines.read(line.encode("utf-8", "replace")))
    except ValueError:
        return {}
