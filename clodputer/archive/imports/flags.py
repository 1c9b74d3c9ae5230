"""The arguments of `claude -p` as keys of a task; what no key can say is named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from json import loads
from typing import Any, Optional

from clodputer.archive.imports.values import Call, Facts, Value

# Flags that take one value and the key for each (claude 2.1.329); `None`: there is no such key.
_ONE: Mapping[str, Optional[str]] = {
    "--model": "model",
    "--permission-mode": "permission_mode",
    "--max-turns": "max_turns",
    "--max-budget-usd": "max_cost_usd",
    "--append-system-prompt": "append_system_prompt",
    "--json-schema": "json_schema",
    "--fallback-model": "fallback_model",
    "--setting-sources": "settings_sources",
    "--append-system-prompt-file": None,
    "--system-prompt": None,
    "--system-prompt-file": None,
    "--settings": None,
    "--agent": None,
    "--agents": None,
    "--plugin-dir": None,
    "--permission-prompt-tool": None,
    "--permission-prompts": None,
    "--input-format": None,
    "--effort": None,
    "--name": None,
    "-n": None,
    "--max-thinking-tokens": None,
}
# Those that take all that follows up to the next flag.
_MANY: Mapping[str, Optional[str]] = {
    "--allowedTools": "allowed_tools",
    "--allowed-tools": "allowed_tools",
    "--disallowedTools": "disallowed_tools",
    "--disallowed-tools": "disallowed_tools",
    "--add-dir": "add_dirs",
    "--mcp-config": "mcp_config",
    "--tools": None,
    "--betas": None,
    "--file": None,
}
# Those that may take a value.
_PERHAPS = ("--resume", "-r", "--debug", "-d", "--worktree", "-w", "--from-pr")
_BYPASS = ("--dangerously-skip-permissions", "--allow-dangerously-skip-permissions")
# What every run has, or what has no effect on a run.
_SETTLED: Mapping[str, str] = {
    "--output-format": "Clodputer reads the stream itself, and the record has the result",
    "--verbose": "the whole conversation is kept",
    "--include-partial-messages": "the whole conversation is kept",
    "--session-id": "each run has a session of its own",
    "--debug": "see `show RUN`",
    "-d": "see `show RUN`",
    "--debug-file": "see `show RUN`",
}
_WITH_VALUE = ("--output-format", "--session-id", "--debug-file")
_WHY: Mapping[str, str] = {
    "--system-prompt": "a task can only add to the system prompt: append_system_prompt",
    "--system-prompt-file": "a task can only add to the system prompt: append_system_prompt",
    "--append-system-prompt-file": "put the text of that file into append_system_prompt",
    "--settings": "see settings_sources, env and guards for what a task can set",
    "--resume": "a run goes on with the session of the task's last one at most: session: continue",
    "-r": "a run goes on with the session of the task's last one at most: session: continue",
    "--worktree": "see isolation: worktree",
    "-w": "see isolation: worktree",
}
_SUBCOMMANDS = frozenset(
    ("mcp", "update", "upgrade", "doctor", "config", "install", "setup-token", "plugin", "auth", "agents")
)
_RISK = (
    "is not taken over: the task asks for what permission_mode and allowed_tools say. To let it do everything, in a folder "
    "that is isolated, write permission_mode: bypassPermissions and i_accept_the_risk: true"
)
_SHORT = re.compile(r"-[a-zA-Z]{2,}")


def is_print(arguments: Sequence[Value]) -> bool:
    """Whether these arguments of claude have it answer and end."""
    for value in arguments:
        if value.text == "--":
            return False
        if value.text in ("-p", "--print") or (_SHORT.fullmatch(value.text) and "p" in value.text):
            return True
    return False


def is_subcommand(arguments: Sequence[Value]) -> bool:
    """Whether they call something of claude that is no conversation."""
    return bool(arguments) and (
        arguments[0].text in _SUBCOMMANDS or arguments[0].text in ("--version", "-v", "--help", "-h")
    )


def call(arguments: Sequence[Value], stdin: Optional[Value], facts: Facts, folder: str) -> Call:
    """What the arguments after `claude` amount to. stdin: what it reads; folder: where it is started."""
    reading = _Reading(facts, folder)
    reading.all(list(arguments))
    reading.prompt(stdin)
    return Call(reading.keys, {}, tuple(reading.unsaid), tuple(reading.notes))


class _Reading:
    """One reading of the arguments."""

    def __init__(self, facts: Facts, folder: str) -> None:
        self._facts = facts
        self._folder = folder
        self._positional: list[Value] = []
        self._last_many: tuple[str, list[Value]] = ("", [])
        self._strict = False
        self.keys: dict[str, Any] = {}
        self.unsaid: list[str] = []
        self.notes: list[str] = []

    def all(self, left: list[Value]) -> None:
        """Go through all of them."""
        while left:
            value = left.pop(0)
            if value.text == "--" and value.known:
                self._positional += left
                break
            if not value.text.startswith("-") or value.file or value.text == "-" or "\n" in value.text:
                self._positional.append(value)
                continue
            name, joined, rest = value.text.partition("=")
            if _SHORT.fullmatch(name):
                left[:0] = [Value(f"-{letter}") for letter in name[1:]]
                continue
            given = [value._replace(text=rest)] if joined else None
            self._flag(name, given, left)
        if self._strict and "mcp_config" not in self.keys:
            self.keys["mcp_config"] = ['{"mcpServers": {}}']

    def _flag(self, name: str, given: Optional[list[Value]], left: list[Value]) -> None:
        if name in ("-p", "--print"):
            return
        if name in ("-c", "--continue"):
            self.keys["session"] = "continue"
            self.notes.append(f"{name} became session: continue, which goes on with the task's own last run")
        elif name == "--strict-mcp-config":
            self._strict = True
        elif name in _BYPASS:
            self.unsaid.append(f"{name} {_RISK}")
        elif name in _SETTLED:
            if name in _WITH_VALUE and given is None:
                left[:1] = []
            self.notes.append(f"{name} is left out: {_SETTLED[name]}")
        elif name in _ONE:
            value = given[0] if given else left.pop(0) if left else Value("", known=False)
            self._one(name, value)
        elif name in _MANY:
            values = given if given is not None else _until_flag(left)
            self._many(name, values)
        else:
            values = given or []
            if (
                given is None
                and name in _PERHAPS
                and left
                and not left[0].text.startswith("-")
                and len(left) > 1
            ):
                values = [left.pop(0)]
            said = " ".join([name, *(value.text[:60] for value in values)])
            self.unsaid.append(f"{said}: {_WHY.get(name, 'a task has no key for this')}")

    def _one(self, name: str, value: Value) -> None:
        key = _ONE[name]
        if key is None:
            self.unsaid.append(f"{name} {value.text[:60]}: {_WHY.get(name, 'a task has no key for this')}")
            return
        if value.file:
            self.unsaid.append(f"{name}: put the text of {value.file} into {key}")
            return
        if not value.known:
            self.unsaid.append(f"{name} {value.text[:60]}: its value is known only when it runs")
            return
        try:
            if key == "permission_mode" and value.text == "bypassPermissions":
                self.unsaid.append(f"{name} bypassPermissions {_RISK}")
                return
            self.keys[key] = _typed(key, value.text)
        except ValueError:
            self.unsaid.append(f"{name} {value.text[:60]}: this is not a value for {key}")

    def _many(self, name: str, values: list[Value]) -> None:
        key = _MANY[name]
        if key is None:
            said = " ".join(value.text[:60] for value in values[:5])
            self.unsaid.append(f"{name} {said}: a task has no key for this")
            return
        self._last_many = (key, values)
        self._add(key, values, name)

    def _add(self, key: str, values: list[Value], name: str) -> None:
        kept: list[str] = self.keys.get(key, [])
        for value in values:
            if not value.known:
                self.unsaid.append(f"{name} {value.text[:60]}: its value is known only when it runs")
                continue
            if key in ("allowed_tools", "disallowed_tools"):
                kept = kept + rules(value.text)
            elif key == "add_dirs" or not value.text.lstrip().startswith("{"):
                kept = [*kept, self._facts.place(value.text, self._folder)]
            else:
                kept = [*kept, value.text]
        if kept:
            self.keys[key] = list(dict.fromkeys(kept))

    def prompt(self, stdin: Optional[Value]) -> None:
        """Find the prompt among what was no flag, or in what it reads."""
        key, values = self._last_many
        if not self._positional and stdin is None and len(values) > 1 and " " in values[-1].text.strip():
            # claude itself takes it for one more value, and says that it has no prompt.
            self.unsaid.append(f"the prompt follows {key}, so claude takes it for one of its values")
            self._positional = [values[-1]]
            del self.keys[key]
            self._add(key, values[:-1], key)
        given = self._positional[0] if self._positional else None
        if len(self._positional) > 1:
            more = " ".join(value.text[:40] for value in self._positional[1:4])
            self.unsaid.append(f"more follows the prompt: {more}")
        if given is None and stdin is None:
            self.unsaid.append("it has no prompt")
            return
        if given is not None and stdin is not None:
            if given.known and stdin.known and not (given.file or stdin.file):
                given = Value(f"{given.text}\n\n{stdin.text}".strip())
            else:
                source = f"the content of {stdin.file}" if stdin.file else "what it reads from standard input"
                self.unsaid.append(f"{source} also goes to it: name it in the prompt, or see precheck")
        value = given if given is not None else stdin
        if value is None:
            return
        if value.file:
            self.keys["prompt_file"] = self._facts.place(value.file, self._folder)
            return
        if not value.known:
            self.unsaid.append(
                "the shell would expand something in the prompt; it was taken over as it was written"
            )
        if value.text.strip():
            self.keys["prompt"] = value.text
        else:
            self.unsaid.append("its prompt is empty")


def rules(text: str) -> list[str]:
    """The rules in a value of --allowedTools: commas and spaces part them, except in parentheses."""
    found, depth, current = [], 0, ""
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth <= 0 and sign in ", \t\n":
            found.append(current)
            current = ""
        else:
            current += sign
    return [rule for rule in (*found, current) if rule]


def _until_flag(left: list[Value]) -> list[Value]:
    values = []
    while left and not left[0].text.startswith("-"):
        values.append(left.pop(0))
    return values


def _typed(key: str, text: str) -> Any:
    """The value as a task file has it. Raises ValueError."""
    if key == "max_turns":
        return int(text)
    if key == "max_cost_usd":
        return float(text)
    if key in ("fallback_model", "settings_sources"):
        return [part.strip() for part in text.split(",") if part.strip()]
    if key == "json_schema":
        schema = loads(text)
        if not isinstance(schema, dict):
            raise ValueError(text)
        return schema
    if not text.strip():
        raise ValueError(text)
    return text
