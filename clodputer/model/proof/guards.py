"""Guards: the files that a run must leave alone; the value and its keys, what its patterns mean, and what was touched."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import FLAG, TEXTS, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.errors import ClodputerError
from clodputer.model.triggers import pattern as patterns

# So many of the files that were touched are named in a record, and so many in its message.
MOST_TOUCHED, MOST_TOLD = 100, 5

# What happened to a protected file.
CHANGED, NEW, DELETED, REPLACED, UNREADABLE = "changed", "new", "deleted", "replaced", "unreadable"


class Guards(NamedTuple):
    """protect: patterns of files. protect_restore: whether those that a run has touched are put back as they were."""

    protect: tuple[str, ...] = ()
    protect_restore: bool = False


class Meant(NamedTuple):
    """What one pattern means: a folder, and a pattern for the paths below it."""

    root: str
    pattern: str


class Seen(NamedTuple):
    """A file as it was: its kind (file, link, or another one), its permissions, and what tells its content apart.

    digest: of its content, for a link of that of the file it leads to. target: of a link. size: of what was hashed, in bytes.
    """

    kind: str
    mode: int = 0
    digest: str = ""
    target: str = ""
    size: int = 0


class Touched(NamedTuple):
    """A protected file that is not as it was: what happened to it, and whether it was put back, or why not.

    restored: None when the task does not ask for that.
    """

    path: str
    what: str
    restored: Optional[bool] = None
    problem: str = ""


def _check(text: str) -> str:
    """The pattern as it is. Raises Expected."""
    wrong = _fault(text)
    if wrong:
        raise Expected("a pattern such as secrets/** or ~/.ssh/**", f"; {wrong}")
    return text


def _fault(text: str) -> str:
    plain = _below(text)
    return patterns.fault(plain) if plain else "it names no file"


def _below(text: str) -> str:
    """The pattern without what says where it begins, and without the `/` of a folder."""
    for before in ("~/", "/", "./"):
        if text.startswith(before):
            text = text[len(before) :]
            break
    return text.removesuffix("/")


def meant(text: str, working_directory: str) -> Meant:
    """What a pattern means, `~` in it expanded; a relative one begins in the working directory.

    The names in front that are no pattern belong to the folder, so that links among them are followed. Raises ClodputerError
    for what a template made and is no pattern.
    """
    wrong = _fault(text)
    if wrong:
        raise ClodputerError(
            "not_started", f"protect: {text!r} is not a pattern of files: {wrong}", "Correct it."
        )
    root = "/" if text.startswith("/") else working_directory
    names = _below(text).split("/")
    while len(names) > 1 and not re.search(r"[*?\[{]", names[0]):
        root = f"{root.rstrip('/')}/{names.pop(0)}"
    return Meant(root, "/".join(names))


def rules(places: Iterable[Meant]) -> list[str]:
    """The rules by which claude denies itself to edit the files.

    2.1.329 and 2.1.332 take rules with paths for `Edit` alone, and apply them to all tools that write files, and to
    redirections in commands that they understand. `//` begins an absolute path. The patterns are those of gitignore(5): without
    braces.
    """
    found = []
    for root, pattern in places:
        folder = re.sub(r"([*?\[\]!#\\])", r"\\\1", root.rstrip("/"))
        for plain in patterns.expanded(pattern):
            found.append(f"Edit(/{folder}/{plain})")
            if not plain.endswith("**"):
                found.append(f"Edit(/{folder}/{plain}/**)")
    return list(dict.fromkeys(found))


def touched(before: Mapping[str, Seen], after: Mapping[str, Seen]) -> list[Touched]:
    """The files that are not as they were, by their paths."""
    return [
        Touched(path, _what(before.get(path), after.get(path)))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]


def _what(was: Optional[Seen], now: Optional[Seen]) -> str:
    if was is None:
        return NEW
    if now is None:
        return DELETED
    if now.kind == UNREADABLE:
        return UNREADABLE
    return CHANGED if now.kind == was.kind else REPLACED


def words(found: Sequence[Touched]) -> str:
    """What a run did to protected files, for people, and what became of that."""
    told = ", ".join(f"{one.path} ({one.what})" for one in found[:MOST_TOLD])
    more = f" and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    left = [one for one in found if one.restored is False]
    said = f"It changed files that the task protects: {told}{more}."
    if left:
        why = "; ".join(f"{one.path}: {one.problem}" for one in left[:MOST_TOLD])
        more = f"; and {len(left) - MOST_TOLD} more" if len(left) > MOST_TOLD else ""
        return f"{said} Not restored: {why}{more}."
    return f"{said} All of them were restored." if found and found[0].restored else said


def to_json(files: int, found: Sequence[Touched]) -> dict[str, Any]:
    """What a record has of it; its keys are a promise to programs. files: how many files were protected."""
    kept = [one._asdict() for one in found[:MOST_TOUCHED]]
    return {"files": files, "touched": kept, "touched_total": len(found)}


KEYS = (
    Key(
        "protect",
        TEXTS,
        (),
        "Patterns of files that a run must leave alone: `*`, `?`, `[...]`, `{a,b}`, and `**` for any folders; a folder means "
        "all in it. Relative ones begin in the working directory. Claude is forbidden to edit them; for every agent they are "
        "compared after the run, and one that was changed, made or deleted is a failure (reason `protected`). See "
        "[guards](guards.md).",
        smallest=1,
        takes="pattern, or list of patterns",
        check=_check,
        example=[".env", "migrations/**"],
    ),
    Key(
        "protect_restore",
        FLAG,
        default=False,
        help="Protected files that a run has changed are restored, as far as they can be; the run's version is kept in its "
        "folder.",
        example=True,
    ),
)
