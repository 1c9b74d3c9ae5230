"""One task as a self-contained document: its file, the prompts beside it that it names, and its state when asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.task import LARGEST_PROMPT, is_name
from clodputer.model.text.jsontext import loads
from clodputer.model.text.suggest import did_you_mean
from clodputer.store.context import Context
from clodputer.store.files import plainfile
from clodputer.store.taskfiles import document, write
from clodputer.store.taskstate import state
from clodputer.tasks import taskfile

# Raised when a document is made in a way that an earlier import would misread.
VERSION = 1
MARK = "clodputer_task"
# In bytes: prompts and a state beside the task's file.
LARGEST = 2 * LARGEST_PROMPT
DEEPEST = 6
_KEYS = (MARK, "name", "file", "prompts", "state")
_ENV = re.compile(r"\benv\.([A-Za-z_][A-Za-z0-9_]*)")


class TaskDocument(NamedTuple):
    """A task by itself. file: the text of its file. prompts: texts by their paths below `tasks/`. state: None for none."""

    name: str
    file: str
    prompts: Mapping[str, str] = {}
    state: Optional[Mapping[str, Any]] = None

    def to_json(self) -> dict[str, Any]:
        """As it is written."""
        fields: dict[str, Any] = {MARK: VERSION, "name": self.name, "file": self.file}
        if self.prompts:
            fields["prompts"] = dict(self.prompts)
        if self.state is not None:
            fields["state"] = dict(self.state)
        return fields


class Exported(NamedTuple):
    """A document, the names of the variables and secrets that it needs, and what in it holds on this machine only."""

    document: TaskDocument
    needs: tuple[str, ...]
    warnings: tuple[str, ...]


def export(context: Context, name: str, *, with_state: bool = False) -> Exported:
    """The document of a task, in order or not. Raises ClodputerError: "task_unknown", "secret_inside"; OSError."""
    home = context.home
    path = taskfile.find(home, name)
    text = plainfile.read(path, document.LARGEST).content.decode("utf-8-sig", "replace")
    written = document.parse(text).value
    prompts, warnings = {}, []
    prompt = written.get("prompt_file") if isinstance(written, dict) else None
    if isinstance(prompt, str) and prompt:
        below = os.path.normpath(prompt)
        if problem(below) or "{{" in prompt:
            warnings.append(f"prompt_file: {prompt} is not below tasks/, and is not in the document")
        else:
            try:
                content = plainfile.read(f"{os.path.dirname(path)}/{below}", LARGEST_PROMPT).content
                prompts[below] = content.decode("utf-8-sig")
            except (OSError, ValueError) as error:
                warnings.append(f"prompt_file: {prompt} cannot be read: {error}")
    kept = state.read(home, name).value if with_state and state.newest(home, name) else None
    made = TaskDocument(name, text, prompts, kept)
    texts = [text, *prompts.values(), dumps(kept, ensure_ascii=False) if kept is not None else ""]
    if context.masker.found_in(texts):
        raise ClodputerError(
            "secret_inside",
            f"the file, the prompt or the state of {name} holds a secret of this home",
            "Nothing was exported. Write {{ env.NAME }} where it stands.",
        )
    warnings += [
        f"{key}: {value} may not be there on another machine" for key, value in _places(written, home.root)
    ]
    needs = {found for each in texts for found in _ENV.findall(each)}
    return Exported(made, tuple(sorted(needs)), tuple(warnings))


def to_text(made: TaskDocument, *, as_json: bool) -> str:
    """The document as YAML, or as JSON. Raises ClodputerError ("too_large") for more YAML than is read."""
    if as_json:
        return dumps(made.to_json(), indent=2, ensure_ascii=False) + "\n"
    text = write.written(made.to_json())
    if len(text.encode()) > document.LARGEST:
        raise ClodputerError(
            "too_large", f"{made.name} is too large for YAML", "Give the file a name that ends in .json."
        )
    return text


def read(content: bytes) -> TaskDocument:
    """The document in these bytes, of YAML or JSON. Raises ClodputerError ("document_invalid")."""
    if len(content) > LARGEST:
        raise _invalid(f"it has more than {LARGEST:,} bytes")
    if content.lstrip()[:1] == b"{":
        try:
            fields = loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise _invalid(f"it is not JSON: {error}") from None
    else:
        found = document.read(content)
        if found.wrong:
            raise _invalid(f"line {found.wrong[0].line}: {found.wrong[0].message}")
        fields = found.value
    return _document(fields)


def problem(path: str) -> str:
    """What is wrong with the path of a prompt below `tasks/`, in words; empty when it may be written there. Pure."""
    steps = path.split("/")
    if path.startswith(("/", "~")) or "\0" in path or any(step in ("", ".", "..") for step in steps):
        return "leads out of tasks/"
    if len(steps) > DEEPEST or any(len(step.encode("utf-8", "replace")) > 200 for step in steps):
        return "is too long"
    if any(step.startswith(".") for step in steps):
        return "is hidden"
    if path.endswith(taskfile.ENDINGS):
        return "would be a task file"
    return ""


def _document(fields: Any) -> TaskDocument:
    if not isinstance(fields, dict) or MARK not in fields:
        raise _invalid(f"it is not a document made by clodputer export: it has no {MARK}")
    if fields[MARK] != VERSION or isinstance(fields[MARK], bool):
        raise _invalid(f"it has version {str(fields[MARK])[:20]}, and this Clodputer knows version {VERSION}")
    for key in fields:
        if key not in _KEYS:
            raise _invalid(f"it has an unknown key {str(key)[:60]!r}{did_you_mean(str(key), _KEYS)}")
    name, text = fields.get("name"), fields.get("file")
    if not isinstance(name, str) or not is_name(name):
        raise _invalid("name: expected the name of a task")
    if not isinstance(text, str) or len(text.encode("utf-8", "replace")) > document.LARGEST:
        raise _invalid("file: expected the text of a task file")
    prompts = fields.get("prompts") or {}
    if not isinstance(prompts, dict):
        raise _invalid("prompts: expected texts by their paths")
    for path, prompt in prompts.items():
        if not isinstance(path, str) or not isinstance(prompt, str):
            raise _invalid("prompts: expected texts by their paths")
        wrong = problem(path) or (
            "is too large" if len(prompt.encode("utf-8", "replace")) > LARGEST_PROMPT else ""
        )
        if wrong:
            raise _invalid(f"prompts: {path[:100]!r} {wrong}")
    kept = fields.get("state")
    if kept is not None and not isinstance(kept, dict):
        raise _invalid("state: expected a mapping")
    return TaskDocument(name, text, prompts, kept)


def _invalid(why: str) -> ClodputerError:
    return ClodputerError("document_invalid", f"this cannot be imported: {why}", "Nothing was changed.")


def _places(value: Any, root: str, key: str = "") -> Iterator[tuple[str, str]]:
    """The texts in a task file that name places of this machine, each with its key."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _places(item, root, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, root, f"{key}.{index}")
    elif isinstance(value, str) and (value.startswith(("/", "~/")) or root in value):
        yield key, value[:100]
