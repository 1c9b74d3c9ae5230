"""Keys of the YAML files that people write, as plain data: what each takes, what holds without it, and what it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

# What a key can take. After each, the value that the program gets.
TEXT = "text"  # str, not blank
LINE = "free text"  # str, which may be empty
TEMPLATE = "text with templates"  # str; the prompt's names may be in its templates
NAME = "name"  # str: 1 to 64 letters, digits, `.`, `_`, `-`
PATH = "path"  # str: absolute, or from `~/` on
PATTERN = "regular expression"  # str
FLAG = "flag"  # bool
COUNT = "count"  # int, `smallest` to `largest`
NUMBER = "number"  # float, `smallest` to `largest`
MONEY = "money"  # float: US dollars, `smallest` to `largest`
PERCENT = "percent"  # float, `smallest` to `largest`; written with a percent sign
DURATION = "duration"  # float: seconds, `smallest` to `largest`; written with a unit
SIZE = "size"  # int: bytes, `smallest` to `largest`; written with a unit
PRIORITY = "priority"  # int: 1 to 5; low, normal and high may be written
CHOICE = "choice"  # str: one of `choices`
TEXTS = "list of texts"  # list of str, `smallest` or more of them; a single text may be written
CHOICES = "list of choices"  # list of str: some of `choices`; a single one may be written
ARGUMENTS = "program and arguments"  # list of str, not empty
MAPPING = "mapping"  # dict of whatever YAML holds
VARIABLES = "variables"  # dict: names of environment variables to texts
PART = "part"  # dict that holds `keys`
LISTED = "list of parts"  # list of dicts, each of which holds some of `keys`
NAMED = "named parts"  # dict: names of the person's own, each to a dict that holds `keys`
KINDS = "kinds"  # list of dicts with `type`; the keys of each type come from its own table; one dict may be written

# When `{{ env.X }}` in a value is filled in.
NEVER = "never"
READING = "when the file is read"  # numbers and choices, which must be known to be checked
STARTING = "when a run starts"  # texts

_READ_EARLY = frozenset(
    (
        NAME,
        FLAG,
        COUNT,
        NUMBER,
        MONEY,
        PERCENT,
        DURATION,
        SIZE,
        PRIORITY,
        CHOICE,
        CHOICES,
        LISTED,
        NAMED,
        KINDS,
    )
)


class Key(NamedTuple):
    """One key of a mapping.

    default: what holds when the key is absent, in the form of the program's value. `absent` says it in words where the
    default does not, such as "the system's". takes: the same for what it takes.
    check: called with the program's value after its kind was checked; returns the value to keep, raises
    `withunit.Expected`. It is not called for a text that still holds a template.
    bare: of a PART, whether `true` may be written for a mapping that leaves everything open.
    instead: of a CHOICE, what to do in place of values that other programs have and this one does not.
    short: of a PART, the key inside it whose value may be written in place of the mapping.
    example: a value as a person writes it, for the docs and for the test of every key.
    """

    name: str
    kind: str
    default: Any = None
    help: str = ""
    smallest: Optional[float] = None
    largest: Optional[float] = None
    choices: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    check: Optional[Callable[[Any], Any]] = None
    required: bool = False
    absent: str = ""
    takes: str = ""
    example: Any = None
    env: str = ""
    instead: tuple[tuple[str, str], ...] = ()
    bare: bool = False
    short: str = ""

    def filled(self) -> str:
        """When `{{ env.X }}` in its value is filled in: NEVER, READING or STARTING."""
        return self.env or (READING if self.kind in _READ_EARLY else STARTING)


def at(table: Mapping[str, Key], path: Sequence[Any]) -> Optional[Key]:
    """The key that is at a path of keys and indices; None where no table says."""
    found = None
    for step in path:
        if isinstance(step, int):
            continue
        found = table.get(step)
        if found is None:
            return None
        table = named(found.keys)
    return found


def defaults(keys: Iterable[Key]) -> dict[str, Any]:
    """The values that hold when nothing is written; a key that must be written has none."""
    return {key.name: key.default for key in keys if not key.required}


def named(keys: Iterable[Key]) -> dict[str, Key]:
    """The keys by their names. Raises ValueError when two have one name."""
    found: dict[str, Key] = {}
    for key in keys:
        if key.name in found:
            raise ValueError(f"the key {key.name} is declared twice")
        found[key.name] = key
    return found
