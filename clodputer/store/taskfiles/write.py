"""A task's keys written as YAML that a person likes to edit, and that reads back as exactly these keys."""

from __future__ import annotations

from typing import Any

import yaml

from clodputer.store.taskfiles import document

# A longer line is wrapped by a person, not by us: a wrapped text reads back the same, but looks like another one.
WIDEST = 1_000_000


class _Writer(yaml.SafeDumper):
    """Block style throughout; texts of several lines as `|`, and quotes wherever a text could be taken for a value."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (two equal lists are written out twice)
        return True


def _text(writer: _Writer, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif _is_another_value(text):
        style = '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_another_value(text: str) -> bool:
    try:
        return bool(document.scalar(text) != text)
    except ValueError:
        return True


_Writer.add_representer(str, _text)


class _Quoter(_Writer):
    """The same with every text in quotes, in plain ASCII: for texts that YAML folds or breaks in its own ways."""


_Quoter.add_representer(
    str, lambda writer, text: writer.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def written(value: Any) -> str:
    """The value, mostly the keys of a task, as a document. Values are those of JSON.

    What no task file can hold is reported when it is read back.
    """
    return _first_sound(value, in_lines=True)


def inline(value: Any) -> str:
    """The value in one line, as it may follow a key or in a list."""
    return _first_sound([value], in_lines=False).strip()[1:-1]


def _first_sound(value: Any, in_lines: bool) -> str:
    text = ""
    for writer in (_Writer, _Quoter):
        text = yaml.dump(
            value,
            Dumper=writer,
            sort_keys=False,
            allow_unicode=writer is _Writer,
            default_flow_style=not in_lines,
            width=WIDEST,
        )
        if document.parse(text).value == value:
            break
    return text
