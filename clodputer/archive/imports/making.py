"""The entries of a source made into the keys of tasks: under names that are free, and without secrets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from clodputer.archive.imports.values import TASK, Entry
from clodputer.model.text import leaks
from clodputer.model.text.leaks import Leak

# What becomes of an entry beside those of values.py: its task exists already.
KNOWN = "known"
LONGEST_NAME = 40
_MARK = "# clodputer-import: "
_WORD = re.compile(r"[A-Za-z0-9]+")
_TEMPLATE = re.compile(r"\{\{|\{%|\{#")
_NAMED = re.compile(r"\{\{ env\.([A-Za-z_][A-Za-z0-9_]*) \}\}")
# Words that say nothing of what a prompt is about.
_FILLERS = frozenset(
    (
        "the",
        "a",
        "an",
        "and",
        "or",
        "of",
        "to",
        "in",
        "on",
        "for",
        "with",
        "my",
        "our",
        "your",
        "please",
        "you",
        "are",
        "is",
        "it",
    )
)
_ORDER = (
    "description",
    "prompt",
    "prompt_file",
    "working_directory",
    "env",
    "model",
    "fallback_model",
    "permission_mode",
    "allowed_tools",
    "disallowed_tools",
)


class Draft(NamedTuple):
    """What an entry becomes. fate: TASK, LEFT, UNSAID or KNOWN. name: of its task. keys: of the file.

    secrets: names that secrets.env or config.yaml has to have, each with where its value stands now. mark: by which it is known
    again.
    """

    entry: Entry
    fate: str
    name: str = ""
    keys: Mapping[str, Any] = {}
    secrets: tuple[str, ...] = ()
    mark: str = ""


def drafts(
    source: str, entries: Sequence[Entry], taken: Collection[str], known: Mapping[str, str], *, enable: bool
) -> list[Draft]:
    """What they become. taken: names of tasks that are there; known: marks that are there, each with its task's name."""
    names = {name.lower() for name in taken}
    marks = dict(known)
    counts: dict[str, int] = {}
    made: list[Draft] = []
    for entry in entries:
        if entry.fate != TASK:
            made.append(Draft(entry, entry.fate))
            continue
        number = counts[entry.original] = counts.get(entry.original, 0) + 1
        mark = _mark(source, entry, number)
        if mark in marks:
            made.append(Draft(entry, KNOWN, marks[mark], mark=mark))
            continue
        name = free_name(entry, source, names)
        names.add(name.lower())
        marks[mark] = name
        keys, secrets = _keys(entry, enable=enable)
        made.append(Draft(entry, TASK, name, keys, secrets, mark))
    return made


def _mark(source: str, entry: Entry, number: int) -> str:
    """By which an entry is known again: a line of a table by its text, all else by what the source calls it."""
    # Two lines with the same text are two entries only for those who count them: the second of these runs nothing else.
    what = leaks.cut(entry.original) if entry.line else f"{entry.original}\0{number}"
    if entry.line and entry.call.keys:
        what += f"\0{entry.call.keys.get('prompt', '')}{entry.call.keys.get('prompt_file', '')}"
    return f"{source} {sha256(what.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def marks_in(text: str) -> list[str]:
    """The marks in a task file."""
    return [line[len(_MARK) :].strip() for line in text.split("\n") if line.startswith(_MARK)]


def free_name(entry: Entry, source: str, taken: Collection[str]) -> str:
    """A name for the task, from what the entry is about; a number behind it where that is taken."""
    stem = ""
    for word in _about(entry) or [source]:
        if stem and len(stem) + len(word) >= LONGEST_NAME:
            break
        stem = f"{stem}-{word[:LONGEST_NAME]}" if stem else word[:LONGEST_NAME]
    name, number = stem, 2
    while name.lower() in taken or name == "ask":
        name, number = f"{stem}-{number}", number + 1
    return name


def _about(entry: Entry) -> list[str]:
    """The first words that say what an entry is about: of its comment, of the file of its prompt, or of that itself."""
    keys = entry.call.keys
    for text in (
        entry.hint,
        str(keys.get("prompt_file", "")).rpartition("/")[2],
        str(keys.get("prompt", "")),
    ):
        words = [word.lower() for word in _WORD.findall(leaks.cut(text[:300], " "))]
        found = [word for word in words if word not in _FILLERS and word != "md"][:5]
        if found:
            return found
    return []


def _keys(entry: Entry, *, enable: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The keys of the file, without secrets, and the names of these."""
    secrets: dict[str, None] = {}
    keys: dict[str, Any] = {key: _safe(value, secrets) for key, value in entry.call.keys.items()}
    env = {}
    for name, value in entry.call.env.items():
        if _NAMED.search(value):
            secrets.update((match, None) for match in _NAMED.findall(value))
            env[name] = value
        elif leaks.is_name(name) and value:
            secrets[name] = None
            env[name] = f"{{{{ env.{name} }}}}"
        else:
            env[name] = _text(value, secrets)
    if env:
        keys["env"] = env
    if entry.hint and " " in entry.hint:
        keys["description"] = _text(" ".join(entry.hint.split())[:200], secrets)
    ordered = {key: keys[key] for key in _ORDER if key in keys}
    ordered.update((key, value) for key, value in keys.items() if key not in ordered)
    triggers = [dict(trigger) for trigger in entry.triggers]
    if triggers:
        ordered["trigger"] = triggers[0] if len(triggers) == 1 else triggers
    ordered["enabled"] = enable and entry.enabled
    return ordered, tuple(secrets)


def _safe(value: Any, secrets: dict[str, None]) -> Any:
    if isinstance(value, str):
        return _text(value, secrets)
    if isinstance(value, list):
        return [_safe(item, secrets) for item in value]
    if isinstance(value, Mapping):
        return {name: _safe(item, secrets) for name, item in value.items()}
    return value


def _text(text: str, secrets: dict[str, None]) -> str:
    """The text as a task file may have it: secrets are named, and what a template would read is quoted."""

    def named(leak: Leak) -> str:
        name = re.sub(r"\W+", "_", leak.kind).upper()
        wanted, number = name, 2
        while wanted in secrets:
            wanted, number = f"{name}_{number}", number + 1
        secrets[wanted] = None
        return f"{{{{ env.{wanted} }}}}"

    return leaks.replaced(text, named, _quoted)


def _quoted(text: str) -> str:
    return f"{{% raw %}}{text}{{% endraw %}}" if _TEMPLATE.search(text) else text


def head(draft: Draft, source: str, date: str) -> str:
    """The comment above the keys of a file: where it is from, and what could not be said."""
    lines = [f"# Imported on {date} from {source}, {draft.entry.where}.", f"{_MARK}{draft.mark}"]
    for title, sentences in (("Could not be taken over", sayings(draft.entry)), ("Note", notes(draft.entry))):
        lines += [f"# {title}: {' '.join(leaks.cut(sentence).split())[:400]}" for sentence in sentences]
    return "".join(f"{line}\n" for line in lines)


def notes(entry: Entry) -> list[str]:
    """What was taken care of in another way, in sentences without secrets."""
    off = (
        () if entry.enabled else ("it is switched off there, so its task is disabled whatever is asked for",)
    )
    return [leaks.cut(sentence) for sentence in (*entry.call.notes, *off)]


def sayings(entry: Entry) -> list[str]:
    """What could not be said of an entry, in sentences without secrets."""
    beside = [
        f"beside it is run: {text}; see setup, precheck, on_success and on_failure"
        for text in entry.call.beside
    ]
    return [leaks.cut(sentence) for sentence in (*entry.call.unsaid, *beside)]
