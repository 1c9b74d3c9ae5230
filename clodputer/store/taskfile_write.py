"""A task's keys written as YAML that a person likes to edit, and that reads back as exactly these keys."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any

import yaml

from clodputer.store import taskfile_yaml

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
        return bool(taskfile_yaml.scalar(text) != text)
    except ValueError:
        return True


_Writer.add_representer(str, _text)


def written(keys: Mapping[str, Any]) -> str:
    """The keys as a document. Values are those of JSON."""
    try:
        text = yaml.dump(
            dict(keys),
            Dumper=_Writer,
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=False,
            width=WIDEST,
        )
        if taskfile_yaml.parse(text).value == keys:
            return text
    except (yaml.YAMLError, ValueError):
        pass
    # JSON is YAML as well, and without its subtleties.
    return dumps(dict(keys), indent=2) + "\n"
