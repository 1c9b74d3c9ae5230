"""What a tool is: a command with arguments, which are checked before they become its words; nothing is done here."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any, Callable, NamedTuple

from clodputer.model.text.suggest import did_you_mean

# What an argument is.
TEXT, FLAG, COUNT, OBJECT, TEXTS = "text", "flag", "count", "object", "list of texts"
_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    TEXT: {"type": "string"},
    FLAG: {"type": "boolean"},
    COUNT: {"type": "integer", "minimum": 0},
    OBJECT: {"type": "object"},
    TEXTS: {"type": "array", "items": {"type": "string"}},
}
_WORDS: Mapping[str, str] = {
    TEXT: "a text",
    FLAG: "true or false",
    COUNT: "a whole number from 0 on",
    OBJECT: "an object",
    TEXTS: "a list of texts",
}


class Unfit(Exception):
    """The arguments are none of the tool's; the message says why, for the agent to correct."""


class Argument(NamedTuple):
    """One argument of a tool. kind: TEXT, FLAG, COUNT, OBJECT or TEXTS."""

    name: str
    kind: str
    help: str
    required: bool = False


class Words(NamedTuple):
    """How a command is called: its options, what follows them, and what it is given on standard input."""

    options: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    given: str = ""


class Tool(NamedTuple):
    """One tool. lay_out: called with arguments that are of their kinds; raises Unfit. changes: whether it changes anything."""

    name: str
    command: str
    help: str
    arguments: tuple[Argument, ...]
    lay_out: Callable[[Mapping[str, Any]], Words]
    changes: bool = False

    def to_json(self) -> dict[str, Any]:
        """As `tools/list` has it."""
        required = [argument.name for argument in self.arguments if argument.required]
        return {
            "name": self.name,
            "title": f"clodputer {self.command}",
            "description": self.help,
            "inputSchema": {
                "type": "object",
                "properties": {
                    argument.name: {**_SCHEMAS[argument.kind], "description": argument.help}
                    for argument in self.arguments
                },
                **({"required": required} if required else {}),
                "additionalProperties": False,
            },
            "annotations": {
                "readOnlyHint": not self.changes,
                "destructiveHint": self.name in ("edit", "cancel"),
                "openWorldHint": False,
            },
        }


def argv(tool: Tool, arguments: Mapping[str, Any]) -> tuple[list[str], str]:
    """The words of the tool's command, and what it is given on standard input. Raises Unfit."""
    known = {argument.name: argument for argument in tool.arguments}
    for name, value in arguments.items():
        if name not in known:
            raise Unfit(f"{tool.name} has no argument {name[:80]!r}{did_you_mean(name, known)}")
        kind = known[name].kind
        if not _fits(value, kind):
            raise Unfit(f"{name}: expected {_WORDS[kind]}, found {dumps(value)[:80]}")
    for argument in tool.arguments:
        if argument.required and argument.name not in arguments:
            raise Unfit(f"{tool.name} needs {argument.name}: {argument.help}")
    laid_out = tool.lay_out(arguments)
    found = [tool.command, *laid_out.options, "--json", "--", *laid_out.words]
    for word in found:
        if "\0" in word or not _is_unicode(word):
            raise Unfit(
                f"{word[:80]!r} cannot stand in a call: it has half a character, or one that ends texts"
            )
    if not _is_unicode(laid_out.given):
        raise Unfit("a text has half a character")
    return found, laid_out.given


def _fits(value: Any, kind: str) -> bool:
    if kind == TEXT:
        return isinstance(value, str)
    if kind == FLAG:
        return isinstance(value, bool)
    if kind == COUNT:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000
    if kind == OBJECT:
        return isinstance(value, dict)
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
