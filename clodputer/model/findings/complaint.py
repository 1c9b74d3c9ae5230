"""What a tool says beside its report: what it could not look at, and that it found nothing to look at. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# So much of what a tool said is read, in characters of its end.
MOST = 64 * 1024
# Words of a line that says that something went wrong; what a tool names in other lines it only says about.
_WRONG = re.compile(
    r"\b(?:errors?|warn(?:ing)?s?|fail(?:s|ed|ure)?|cannot|can't|could not|couldn't|unable|skip(?:s|ped|ping)?|invalid|"
    r"timeout|timed out|no such|not found|permission denied)\b",
    re.IGNORECASE,
)
# As ruff (`warning: No Python files found under the given path(s)`) and complexipy (`No files were found`) say it.
_NOTHING = re.compile(r"\bno (?:\w+ )?files? (?:were |was )?found\b", re.IGNORECASE)
# Letters with which a path goes on, so that what is beside them is another one; and what ends it all the same.
_PART = re.compile(r"[\w./-]")
_ENDS = (".", ". ", ".\n", "/", "/ ")
# The path as seen from where the tool was started: `./path`.
_BESIDE = re.compile(r"(?:^|[^\w./-])\./$")
_QUOTES = ("'", '"', "`")
# So often a path is looked for; and so long are the folders before it, in characters.
_MOST_TIMES, _LONGEST = 1000, 4096


def named(said: str, paths: Iterable[str], folders: Sequence[str]) -> frozenset[str]:
    """Those of the paths of which a line says that something went wrong, or in whose folder it did.

    folders: from which the paths are seen, absolute.
    """
    lines = "\n".join(line for line in said[-MOST:].splitlines() if _WRONG.search(line))
    if not lines:
        return frozenset()
    known: dict[str, bool] = {}
    found = set()
    for path in paths:
        parts = path.split("/")
        # The folders of a path are few, and shared by many.
        for end in range(len(parts), 0, -1):
            part = "/".join(parts[:end])
            if part not in known:
                known[part] = bool(part) and _stands(part, lines, folders, folder=end < len(parts))
            if known[part]:
                found.add(path)
                break
    return frozenset(found)


def looked_at_nothing(said: str) -> str:
    """Why a report of nothing means nothing; empty when a tool does not say so."""
    return "the tool found no files to look at" if _NOTHING.search(said[-MOST:]) else ""


def _stands(path: str, text: str, folders: Sequence[str], *, folder: bool) -> bool:
    """Whether a path is in a text as a whole. folder: it is that of a file, whose name many a sentence holds as a word."""
    place = text.find(path)
    for _ in range(_MOST_TIMES):
        if place < 0:
            return False
        before, after = (
            text[max(0, place - _LONGEST) : place],
            text[place + len(path) : place + len(path) + 2],
        )
        absolute = before.endswith(tuple(f"{one}/" for one in folders))
        if folder:
            stands = after[:1] in _QUOTES and (absolute or before[-1:] in _QUOTES)
        else:
            begins = (
                absolute
                or not before[-1:]
                or not _PART.match(before[-1:])
                or _BESIDE.search(before) is not None
            )
            stands = begins and not (_PART.match(after[:1]) and after not in _ENDS)
        if stands:
            return True
        place = text.find(path, place + 1)
    return True  # more often than anybody looks: in doubt it was not looked at
