"""A task's keys written as YAML that a person likes to edit, and that reads back as exactly these keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from clodputer.store.tasks import document

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


def written(keys: Mapping[str, Any]) -> str:
    """The keys as a document. Values are those of JSON; what no task file can hold is told when it is read back."""
    text = ""
    for writer in (_Writer, _Quoter):
        text = yaml.dump(
            dict(keys),
            Dumper=writer,
            sort_keys=False,
            allow_unicode=writer is _Writer,
            default_flow_style=False,
            width=WIDEST,
        )
        if document.parse(text).value == keys:
            break
    return text
