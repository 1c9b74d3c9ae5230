"""What a word of a shell text amounts to: variables that the text itself sets are known, and nothing else is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from clodputer.archive.imports.commands import commands
from clodputer.archive.imports.values import Facts, Value
from clodputer.archive.imports.words import COMMAND, TEXT, VARIABLE, Unreadable, Word


@dataclass
class Surroundings:
    """What a command finds: the folder, empty when nobody knows; variables, and those of them that programs are given.

    unsaid: what holds for all that follows; pending: what holds for the next call alone.
    """

    facts: Facts
    folder: str
    variables: dict[str, str]
    exported: dict[str, str]
    unsaid: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)

    def assign(self, name: str, value: Value, *, exported: bool) -> None:
        """Set a variable."""
        if not value.known:
            self.variables.pop(name, None)
            if exported or name in self.exported:
                self.unsaid.append(f"{name}={value.text[:60]}: its value is known only when it runs")
                self.exported.pop(name, None)
            return
        if value.text or not exported or name not in self.variables:
            self.variables[name] = value.text
        if exported or name in self.exported:
            self.exported[name] = self.variables[name]

    def inside(self, env: Mapping[str, Value]) -> Surroundings:
        """What another shell finds that is started here."""
        known = {name: value.text for name, value in env.items() if value.known}
        both = {**self.exported, **known}
        return Surroundings(self.facts, self.folder, dict(both), dict(both), list(self.unsaid))


def evaluate(word: Word, around: Surroundings) -> Value:
    """The word as far as it is known; what cannot stays as it was written."""
    texts: list[str] = []
    known = True
    for place, part in enumerate(word.parts):
        if part.kind == TEXT:
            text = part.text
            if place == 0 and not word.quoted and (text == "~" or text.startswith("~/")):
                text = around.facts.account + text[1:]
            texts.append(text)
            continue
        if part.kind == VARIABLE:
            value = _variable(part.text, around) or (part.fallback or None)
        elif part.kind == COMMAND:
            given = _substituted(part.text, around)
            if given is not None and given.file and len(word.parts) == 1:
                return Value(part.written, True, given.file)
            value = given.text if given is not None and given.known and not given.file else None
        else:
            value = None
        known = known and value is not None
        texts.append(part.written if value is None else value)
    return Value("".join(texts), known)


def _variable(name: str, around: Surroundings) -> Optional[str]:
    if name in around.variables:
        return around.variables[name]
    if name == "PWD":
        return around.folder or None
    return {"HOME": around.facts.account, "USER": around.facts.name, "LOGNAME": around.facts.name}.get(
        name
    ) or None


def _substituted(text: str, around: Surroundings) -> Optional[Value]:
    """What `$(...)` gives, for the few programs that are read instead of run."""
    try:
        found = commands(text)
    except Unreadable:
        return None
    if len(found) != 1:
        return None
    words, redirects = found[0].words, found[0].redirects
    values = [evaluate(word, around) for word in words]
    if any(not value.known for value in values):
        return None
    names = [value.text for value in values]
    if (not names or names == ["cat"]) and len(redirects) == 1:
        target = evaluate(redirects[0].target, around)
        if redirects[0].operator == "<":
            return Value("", True, target.text) if target.known else None
        if redirects[0].operator in ("<<", "<<<"):
            return target._replace(text=target.text.rstrip("\n"))
        return None
    if redirects:
        return None
    if len(names) == 2 and names[0] in ("cat", "/bin/cat") and not names[1].startswith("-"):
        return Value("", True, names[1])
    if names == ["pwd"] and around.folder:
        return Value(around.folder)
    if names[:1] == ["echo"] and not any(name.startswith("-") for name in names[1:]):
        return Value(" ".join(names[1:]))
    return None
