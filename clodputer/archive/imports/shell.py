"""Where a shell text calls `claude -p`, with what it has there: folder, variables, standard input, and what is around it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Optional

from clodputer.archive.imports import flags
from clodputer.archive.imports.commands import Command, commands
from clodputer.archive.imports.fill import Surroundings, evaluate
from clodputer.archive.imports.values import Call, Facts, Found, Value
from clodputer.archive.imports.words import Unreadable
from clodputer.archive.imports.wrappers import SHELLS, Unwrapped, base, unwrap

DEEPEST = 8
MOST_CALLS = 50
# What is worth no word when it is beside a call.
_QUIET = frozenset(
    (
        "",
        ":",
        "true",
        "false",
        "set",
        "exit",
        "wait",
        "umask",
        "ulimit",
        "shopt",
        "trap",
        "fi",
        "done",
        "esac",
        "}",
        "{",
    )
)
# Programs whose arguments may name claude without starting it.
_TALKS = frozenset(
    [
        "echo",
        "printf",
        "logger",
        "notify-send",
        "mail",
        "grep",
        "egrep",
        "pgrep",
        "pkill",
        "killall",
        "which",
        "type",
        "test",
        "[",
        "[[",
        "ls",
        "cat",
        "tail",
        "head",
        "sed",
        "awk",
    ]
)
_SETTING = frozenset((".", "source", "eval"))
_CALLS = re.compile(r"\bclaude(-code(@[\w.-]+)?)?['\"]?\s(.*\s)?['\"]?(-p|--print)\b", re.DOTALL)
_DESCRIPTOR = re.compile(r"\d+|-")


def names_claude(text: str) -> bool:
    """Whether a text looks as if it called `claude -p` somewhere."""
    return _CALLS.search(text) is not None


def read(text: str, facts: Facts, env: Mapping[str, str], stdin: Optional[Value] = None) -> Found:
    """The calls in a shell text. env: exported to it; stdin: what it reads."""
    reading = _Reading(facts, Surroundings(facts, facts.folder or facts.account, dict(env), dict(env)))
    reading.text(text, stdin, 0)
    return Found(tuple(reading.calls), tuple(reading.problems), tuple(reading.programs))


def read_arguments(
    arguments: Sequence[str], facts: Facts, env: Mapping[str, str], stdin: Optional[Value] = None
) -> Found:
    """The calls in an argument list, which no shell reads."""
    reading = _Reading(facts, Surroundings(facts, facts.folder or facts.account, dict(env), dict(env)))
    reading.arguments([Value(argument) for argument in arguments], stdin, 0)
    return Found(tuple(reading.calls), tuple(reading.problems), tuple(reading.programs))


class _Reading:
    """One reading of a text and of those that it gives to other shells."""

    def __init__(self, facts: Facts, around: Surroundings) -> None:
        self._facts = facts
        self._around = around
        self.calls: list[Call] = []
        self.problems: list[str] = []
        self.programs: list[str] = []

    def text(self, text: str, stdin: Optional[Value], depth: int) -> None:
        """Go through a shell text."""
        try:
            found = commands(text)
        except Unreadable as error:
            if names_claude(text):
                self.problems.append(f"it cannot be read as shell text: {error}")
            return
        if depth > DEEPEST:
            self.problems.append("shells are nested too deeply in it")
            return
        called: set[int] = set()
        others: dict[int, str] = {}
        for number, command in enumerate(found):
            before = len(self.calls)
            given = self._stdin(found, number, stdin if number == 0 else None)
            problems = len(self.problems)
            values = [evaluate(word, self._around) for word in command.words]
            taken = self.arguments(values, given, depth, command)
            if len(self.calls) > before:
                called.add(number)
                self._around_it(found, number, before)
            elif not taken and len(self.problems) == problems:
                self._other(command, number, values, others)
        piped = _in_pipes_of(found, called)
        said = "; ".join(dict.fromkeys(text for number, text in others.items() if number not in piped))
        if said:
            self.calls = [call._replace(beside=(*call.beside, said[:300])) for call in self.calls]

    def arguments(
        self, values: list[Value], stdin: Optional[Value], depth: int, command: Optional[Command] = None
    ) -> bool:
        """Go through one command; whether it was one that is understood."""
        unwrapped = unwrap(values)
        if unwrapped.script is not None:
            inner = _Reading(self._facts, self._around.inside(unwrapped.env))
            inner.text(unwrapped.script.text, stdin, depth + 1)
            self.problems += inner.problems
            self.programs += inner.programs
            for call in inner.calls:
                self._add(call, unwrapped, {})
            return bool(inner.calls)
        if not unwrapped.arguments:
            for name, value in unwrapped.env.items():
                self._around.assign(name, value, exported=False)
            return bool(unwrapped.env)
        name, rest = base(unwrapped.arguments[0]), list(unwrapped.arguments[1:])
        if name in ("claude", "claude-code"):
            return self._claude(rest, stdin, unwrapped)
        if name == "cd" and self._changes_folder(rest):
            return True
        if name == "export":
            for value in rest:
                key, _, given = value.text.partition("=")
                self._around.assign(key, value._replace(text=given), exported=True)
            return True
        written = command.text if command is not None else " ".join(value.text for value in values)
        starts = any(base(value) == "claude" for value in rest) and flags.is_print(rest)
        if name not in _TALKS and (starts or any(names_claude(value.text) for value in rest)):
            self.problems.append(f"claude is started by `{name}`, which a task cannot do: {written[:100]}")
            return True
        # A script is the program itself, or the file that a shell is started with.
        meant = (unwrapped.arguments[0], *(value for value in rest[:3] if name in SHELLS))
        self.programs += [
            self._facts.place(value.text, self._around.folder) for value in meant if "/" in value.text
        ]
        return False

    def _claude(self, rest: list[Value], stdin: Optional[Value], unwrapped: Unwrapped) -> bool:
        if flags.is_subcommand(rest):
            return False
        if not flags.is_print(rest):
            self.problems.append("claude is started without -p, so it waits for a person")
            return True
        if len(self.calls) >= MOST_CALLS:
            self.problems.append(f"it has more than {MOST_CALLS} calls")
            return True
        inside = unwrapped.keys.get("working_directory")
        folder = self._facts.place(str(inside), self._around.folder) if inside else self._around.folder
        call = flags.call(rest, stdin, self._facts, folder)
        self._add(call, unwrapped, {"working_directory": folder} if folder else {})
        return True

    def _add(self, call: Call, unwrapped: Unwrapped, keys: Mapping[str, str]) -> None:
        env = {**self._around.exported}
        unsaid = [*unwrapped.unsaid, *call.unsaid]
        for name, value in unwrapped.env.items():
            if value.known:
                env[name] = value.text
            else:
                unsaid.append(f"{name}={value.text[:60]}: its value is known only when it runs")
        if unwrapped.conditional:
            unsaid.append("it is in a condition or a loop, which a task does not have: see precheck")
        outer = {key: value for key, value in unwrapped.keys.items() if key != "working_directory"}
        self.calls.append(
            Call(
                {**outer, **keys, **call.keys},
                {**env, **call.env},
                tuple(dict.fromkeys([*self._around.unsaid, *unsaid])),
                tuple(dict.fromkeys([*unwrapped.notes, *call.notes])),
                call.beside,
            )
        )

    def _changes_folder(self, rest: list[Value]) -> bool:
        target = next((value for value in rest if not value.text.startswith("-")), Value("~"))
        if not target.known:
            self._around.unsaid.append(f"cd {target.text[:60]}: this folder is known only when it runs")
            self._around.folder = ""
        else:
            self._around.folder = self._facts.place(target.text, self._around.folder)
        return True

    def _stdin(self, found: list[Command], number: int, stdin: Optional[Value]) -> Optional[Value]:
        """What a command reads."""
        command = found[number]
        for redirect in command.redirects:
            if redirect.descriptor not in ("", "0"):
                continue
            target = evaluate(redirect.target, self._around)
            if redirect.operator == "<":
                return None if target.text == "/dev/null" else Value(target.text, target.known, target.text)
            if redirect.operator in ("<<", "<<<"):
                return target
        if command.before not in ("|", "|&") or number == 0:
            return stdin
        source = found[number - 1]
        values = [evaluate(word, self._around) for word in source.words]
        name, rest = (base(values[0]), values[1:]) if values else ("", [])
        if name == "cat" and not rest:
            return self._stdin(found, number - 1, stdin)
        if name == "cat" and len(rest) == 1 and not rest[0].text.startswith("-"):
            return Value(rest[0].text, rest[0].known, rest[0].text)
        if name in ("echo", "printf"):
            said = [value for value in rest if value.text not in ("-n", "-e", "-E", "%s", "%s\\n", "--")]
            text = " ".join(value.text for value in said)
            text = (
                text.replace("\\n", "\n")
                if name == "printf" or any(one.text == "-e" for one in rest)
                else text
            )
            return Value(text, all(value.known for value in said))
        self._around.pending.append(f"the output of `{source.text[:80]}` goes to it: see precheck")
        return None

    def _around_it(self, found: list[Command], number: int, since: int) -> None:
        """What is around a call of the line, added to what cannot be said of it."""
        command = found[number]
        unsaid, notes = list(self._around.pending), []
        self._around.pending.clear()
        for redirect in command.redirects:
            if redirect.operator in (">", ">>", ">|", "&>") and not _DESCRIPTOR.fullmatch(
                redirect.target.written
            ):
                notes.append(
                    f"its output in {redirect.target.written[:80]} is left out: the run's folder has it"
                )
                break
        if command.after in ("|", "|&") and number + 1 < len(found):
            unsaid.append(f"its output goes to `{found[number + 1].text[:80]}`: see on_success and notify")
        for place in range(since, len(self.calls)):
            call = self.calls[place]
            # Its input is not missing when another program gives it.
            given = [one for one in call.unsaid if not (unsaid and one == "it has no prompt")]
            self.calls[place] = call._replace(unsaid=(*given, *unsaid), notes=(*call.notes, *notes))

    def _other(self, command: Command, number: int, values: list[Value], others: dict[int, str]) -> None:
        """Remember a command that is not claude."""
        name = base(values[0]) if values else ""
        if name in _SETTING and name != "eval":
            self._around.unsaid.append(f"`{command.text[:80]}` sets variables before it: write them into env")
        elif name not in _QUIET:
            others[number] = command.text[:80]


def _in_pipes_of(found: list[Command], called: set[int]) -> set[int]:
    """The numbers of the commands in the pipelines in which these are."""
    inside = set(called)
    for number in range(1, len(found)):
        if found[number].before in ("|", "|&") and number - 1 in inside:
            inside.add(number)
    for number in range(len(found) - 2, -1, -1):
        if found[number].after in ("|", "|&") and number + 1 in inside:
            inside.add(number)
    return inside
