"""One key of a task file changed or taken out; every other byte stays what it was, comments and layout with it.

The text is edited where the YAML parser says that the value stands, and then read again: only a text whose values are the old
ones but for the change is ever returned.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from json import dumps
from typing import Any, Optional, Union

import yaml

from clodputer.store.taskfiles import document, write

# A key, or the number of an item in a list.
Step = Union[str, int]


def changed(text: str, path: Sequence[Step], value: Any, order: Sequence[str] = ()) -> Optional[str]:
    """The text with the value at that path, which may be new; None when there is no way to it that leaves the rest alone.

    value: as JSON can hold it. order: the keys at the top of a file as they are documented; a new one is put below the
    nearest one before it. Mappings on the way that are missing are made.
    """
    before = document.parse(text)
    if before.wrong or not isinstance(before.value, dict):
        return None
    wanted = _with(before.value, path, value)
    if wanted is None:
        return None
    return _proven(_candidates(text, path, value, order), wanted)


def appended(
    text: str, path: Sequence[Step], values: Sequence[Any], order: Sequence[str] = ()
) -> Optional[str]:
    """The text with more items at the end of the list at that path; a list that is missing is made.

    None when there is no way to it that leaves the rest alone, or when something else than a list is there.
    """
    before = document.parse(text)
    if before.wrong or not isinstance(before.value, dict):
        return None
    here: Any = before.value
    for step in path:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
    if here is None or here == []:
        return changed(text, path, list(values), order)
    if not isinstance(here, list):
        return None
    return _proven(_extended(text, path, values), _with(before.value, path, [*here, *values]))


def without(text: str, path: Sequence[Step]) -> Optional[str]:
    """The text without the key at that path; None when there is no way to it that leaves the rest alone, or no such key."""
    before = document.parse(text)
    if before.wrong or not isinstance(before.value, dict):
        return None
    wanted = _less(before.value, path)
    return None if wanted is None else _proven(_removals(text, path), wanted)


def _proven(candidates: Iterator[str], wanted: Any) -> Optional[str]:
    for text in candidates:
        after = document.parse(text)
        # Unlike `==`, this tells true from 1.
        if not after.wrong and dumps(after.value, sort_keys=True) == dumps(wanted, sort_keys=True):
            return text
    return None


def _with(value: Any, path: Sequence[Step], new: Any) -> Any:
    """A copy of the value with the change; None when the path goes through something that is no mapping or list."""
    value = copy.deepcopy(value)
    here = value
    for number, step in enumerate(path):
        last = number == len(path) - 1
        if isinstance(step, int):
            if not isinstance(here, list) or not 0 <= step < len(here):
                return None
        elif not isinstance(here, dict):
            return None
        elif step not in here or (here[step] is None and not last):
            here[step] = {}
        if last:
            here[step] = new
        else:
            here = here[step]
    return value


def _less(value: Any, path: Sequence[Step]) -> Any:
    value = copy.deepcopy(value)
    here = value
    for step in path[:-1]:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return None
    if not isinstance(here, dict) or path[-1] not in here:
        return None
    del here[path[-1]]
    return value


def _candidates(text: str, path: Sequence[Step], value: Any, order: Sequence[str]) -> Iterator[str]:
    """Texts that may be the wanted one, the most beautiful first."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for number, step in enumerate(path):
        below = _below(node, step)
        if below is None:
            made = value
            for inner in reversed(path[number + 1 :]):
                made = {inner: made}
            if isinstance(node, yaml.MappingNode):
                yield from _inserted(text, node, str(step), made, order if number == 0 else ())
            elif isinstance(node, yaml.ScalarNode):
                yield from _replaced(text, node, {step: made})  # an empty value on the way
            return
        node = below
    yield from _replaced(text, node, value)


def _extended(text: str, path: Sequence[Step], values: Sequence[Any]) -> Iterator[str]:
    """Texts in which the list at that path, which has items, has these more."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for step in path:
        node = _below(node, step)
    last = node.value[-1]
    if node.flow_style:
        # Behind the last item, before whatever is between it and the bracket: a comma, a comment, a line break.
        end = _end(text, last)
        for written in (write.inline, dumps):
            items = "".join(f", {written(value)}" for value in values)
            yield text[:end] + items + text[end:]
        return
    column = node.start_mark.column
    items = "".join(
        f"{' ' * column}{line}\n"
        for value in values
        for line in write.written([value]).rstrip("\n").split("\n")
    )
    # Also what is said of the last item stays with it.
    place = text.find("\n", _end(text, last)) + 1
    yield f"{text[:place]}{items}{text[place:]}" if place else f"{text}\n{items}"


def _below(node: Any, step: Step) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _replaced(text: str, node: Any, value: Any) -> Iterator[str]:
    start, end = node.start_mark.index, _end(text, node)
    if _is_block(node):
        # What is said of the last item goes with it.
        rest = text[end:].split("\n", 1)[0].rstrip("\r")
        end += len(rest) if rest.lstrip().startswith("#") else 0
    head, tail = text[:start], text[end:]
    if head[-1:] == ":":  # nothing was there, not even a space
        head += " "
    column = node.start_mark.column
    if isinstance(value, (dict, list)) and value and _is_block(node):
        yield head + _block(value, column) + tail
    if isinstance(value, str) and "\n" in value:
        line = text[text.rfind("\n", 0, start) + 1 : start]
        indent = len(line) - len(line.lstrip(" -"))
        yield head + _indented(_after_colon(value), indent) + tail
    if _is_block(node) and head.rstrip().endswith(":"):
        yield f"{head.rstrip()} {write.inline(value)}{tail}"
    yield head + write.inline(value) + tail
    # A list's items may be below their key's first letter, where no other value may.
    yield f"{head} {write.inline(value)}{tail}"
    yield head + dumps(value) + tail


def _inserted(text: str, node: Any, key: str, value: Any, order: Sequence[str]) -> Iterator[str]:
    if node.flow_style:
        place = node.end_mark.index - 1
        comma = ", " if node.value else ""
        yield text[:place].rstrip() + f"{comma}{key}: {write.inline(value)}" + text[place:]
        return
    column = node.value[0][0].start_mark.column
    written = f"{key}:{_separated(_indented(_after_colon(value), column))}"
    entry = node.value[-1]
    if key in order:
        earlier = order[: list(order).index(key)]
        entry = next((each for each in reversed(node.value) if each[0].value in earlier), entry)
    for end in (_end(text, entry[1]), entry[1].end_mark.index):
        place = text.find("\n", end) + 1 if text[end - 1 : end] != "\n" else end
        if place == 0:
            yield f"{text}\n{' ' * column}{written}\n"
        else:
            yield f"{text[:place]}{' ' * column}{written}\n{text[place:]}"


def _removals(text: str, path: Sequence[Step]) -> Iterator[str]:
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for step in path[:-1]:
        node = _below(node, step)
    if not isinstance(node, yaml.MappingNode):
        return
    places = [number for number, (key, _) in enumerate(node.value) if key.value == path[-1]]
    if not places:
        return
    number = places[0]
    key, value = node.value[number]
    if node.flow_style:
        if number + 1 < len(node.value):
            yield text[: key.start_mark.index] + text[node.value[number + 1][0].start_mark.index :]
        elif number:
            yield text[: _end(text, node.value[number - 1][1])] + text[_end(text, value) :]
        else:
            yield text[: key.start_mark.index] + text[_end(text, value) :]
        return
    begin = text.rfind("\n", 0, key.start_mark.index) + 1
    for end in (_end(text, value), value.end_mark.index):
        after = text.find("\n", end) + 1 if text[end - 1 : end] != "\n" else end
        if text[begin : key.start_mark.index].strip(" "):
            # Behind the dash of a list's item: the next key takes its place.
            if number + 1 < len(node.value):
                yield text[: key.start_mark.index] + text[node.value[number + 1][0].start_mark.index :]
        else:
            yield text[:begin] + (text[after:] if after else "")


def _end(text: str, node: Any) -> int:
    """Where a value ends, without the comments and empty lines that the parser counts as part of a block."""
    if isinstance(node, yaml.ScalarNode):
        if node.style in ("|", ">"):
            return int(node.start_mark.index) + len(
                text[node.start_mark.index : node.end_mark.index].rstrip()
            )
        return int(node.end_mark.index)
    if node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(text, last[1] if isinstance(node, yaml.MappingNode) else last)


def _is_block(node: Any) -> bool:
    return (
        isinstance(node, (yaml.MappingNode, yaml.SequenceNode)) and not node.flow_style and bool(node.value)
    )


def _block(value: Any, column: int) -> str:
    """A list or mapping one item to a line, its first line at the place where it is put."""
    return _indented(write.written(value).rstrip("\n"), column)


def _after_colon(value: Any) -> str:
    """What follows `key:`, in as many lines as it takes."""
    return write.written({"k": value})[2:].rstrip("\n").lstrip(" ")


def _separated(written: str) -> str:
    return written if written.startswith("\n") or not written else f" {written}"


def _indented(written: str, column: int) -> str:
    """Every line but the first moved to the right."""
    return written.replace("\n", "\n" + " " * column)
