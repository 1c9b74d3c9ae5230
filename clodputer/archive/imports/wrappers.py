"""Programs that start another one: `env`, `timeout`, `flock`, `npx` and the like, taken off until what they start is left."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.archive.imports.values import Value

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_KEYWORDS = frozenset(
    ("if", "then", "else", "elif", "do", "while", "until", "{", "!", "time", "exec", "command")
)
SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ksh", "ash"))
# Each with those of its options that take a value as a word of their own.
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "nice": ("-n", "--adjustment"),
    "ionice": ("-c", "-n", "--class", "--classdata"),
    "chrt": ("-p",),
    "nohup": (),
    "setsid": (),
    "builtin": (),
    "stdbuf": ("-o", "-e", "-i"),
    "unbuffer": (),
    "chronic": (),
    "cronic": (),
    "run-one": (),
    "caffeinate": ("-t", "-w"),
    "systemd-inhibit": ("--what", "--who", "--why", "--mode"),
    "systemd-cat": ("-t", "-p"),
    "choom": ("-n",),
    "taskpolicy": ("-c", "-d", "-g"),
}
_AWAKE = frozenset(("caffeinate", "systemd-inhibit"))
_PACKAGE = re.compile(r"@anthropic-ai/claude-code(@.*)?|claude-code|claude")
# They set variables or versions first, and start what follows `--`.
_SETTING = frozenset(
    (
        "mise",
        "asdf",
        "direnv",
        "op",
        "doppler",
        "dotenv",
        "aws-vault",
        "volta",
        "fnm",
        "nvm",
        "chamber",
        "infisical",
        "uv",
    )
)
_UNITS = {"s": "s", "m": "m", "h": "h", "d": "d", "": "s"}
_DURATION = re.compile(r"(\d+)(?:\.\d+)?([smhd]?)")


class Unwrapped(NamedTuple):
    """What is left. arguments: of the program, with its name; script: instead of these, a text for a shell.

    keys: of a task, which the wrappers amount to.
    """

    arguments: tuple[Value, ...] = ()
    script: Optional[Value] = None
    env: Mapping[str, Value] = {}
    keys: Mapping[str, Any] = {}
    unsaid: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    conditional: bool = False


def unwrap(arguments: list[Value]) -> Unwrapped:
    """Take off what comes before the program that is really meant."""
    reading = _Reading(list(arguments))
    script = reading.all()
    return Unwrapped(
        tuple(reading.left),
        script,
        reading.env,
        reading.keys,
        tuple(reading.unsaid),
        tuple(reading.notes),
        reading.conditional,
    )


def base(value: Value) -> str:
    """The name of a program without its folders."""
    return value.text.rstrip("/").rpartition("/")[2] if value.text else ""


class _Reading:
    def __init__(self, left: list[Value]) -> None:
        self.left = left
        self.env: dict[str, Value] = {}
        self.keys: dict[str, Any] = {}
        self.unsaid: list[str] = []
        self.notes: list[str] = []
        self.conditional = False

    def all(self) -> Optional[Value]:
        """Go on until a program is left that is no wrapper; the text, when that is one for a shell."""
        for _ in range(50):
            if not self.left:
                return None
            name = base(self.left[0])
            if self._assignment() or self._keyword(name):
                continue
            if name in SHELLS:
                return self._shell()
            if not self._wrapper(name):
                return None
        return None

    def _assignment(self) -> bool:
        match = _ASSIGNMENT.fullmatch(self.left[0].text)
        if match is None:
            return False
        self.env[match[1]] = self.left.pop(0)._replace(text=match[2])
        return True

    def _keyword(self, name: str) -> bool:
        if name not in _KEYWORDS or self.left[0].text != name:
            return False
        self.conditional = self.conditional or name in ("if", "then", "else", "elif", "do", "while", "until")
        self.left.pop(0)
        if name in ("time", "exec", "command"):
            self._options(("-a",))
        return True

    def _wrapper(self, name: str) -> bool:
        if name in _PLAIN:
            self.left.pop(0)
            self._options(_PLAIN[name])
            if name in _AWAKE:
                self.keys["keep_awake"] = True
                self.notes.append(f"{name} became keep_awake")
            else:
                self.notes.append(f"{name} is left out")
        elif name == "env":
            self._env()
        elif name in ("timeout", "gtimeout"):
            self._timeout(name)
        elif name == "flock":
            return self._flock()
        elif name in ("npx", "bunx", "pnpx"):
            self.left.pop(0)
            self._package()
        elif (
            name in ("npm", "pnpm", "yarn", "bun")
            and len(self.left) > 1
            and self.left[1].text in ("exec", "dlx", "x")
        ):
            del self.left[:2]
            self._package()
        elif name in _SETTING and any(value.text == "--" for value in self.left):
            at = [value.text for value in self.left].index("--")
            said = " ".join(value.text for value in self.left[:at])
            self.unsaid.append(
                f"`{said}` prepares its environment; write what it sets into env, or see setup"
            )
            del self.left[: at + 1]
        elif name == "node" and len(self.left) > 1 and self.left[1].text.endswith("claude-code/cli.js"):
            self.left[:2] = [Value("claude")]
        else:
            return False
        return True

    def _options(self, with_value: tuple[str, ...]) -> None:
        """Pass over options, as far as `--`."""
        while self.left and self.left[0].text.startswith("-") and len(self.left[0].text) > 1:
            option = self.left.pop(0).text
            if option == "--":
                return
            if option in with_value and self.left:
                self.left.pop(0)

    def _env(self) -> None:
        self.left.pop(0)
        while self.left:
            text = self.left[0].text
            if text in ("-u", "--unset", "-C", "--chdir", "-S", "--split-string") and len(self.left) > 1:
                self.left.pop(0)
                value = self.left.pop(0)
                if text in ("-C", "--chdir"):
                    self.keys["working_directory"] = value.text
                elif text in ("-S", "--split-string"):
                    self.left[:0] = [Value(word) for word in value.text.split()]
            elif text.startswith("-"):
                self.left.pop(0)
                if text == "--":
                    return
            elif not self._assignment():
                return

    def _timeout(self, name: str) -> None:
        self.left.pop(0)
        self._options(("-k", "--kill-after", "-s", "--signal"))
        given = self.left.pop(0) if self.left else Value("")
        match = _DURATION.fullmatch(given.text)
        if match is not None and int(match[1]) > 0:
            self.keys["timeout"] = f"{int(match[1])}{_UNITS[match[2]]}"
            self.notes.append(f"{name} {given.text} became timeout")
        else:
            self.unsaid.append(f"{name} {given.text}: this is not a duration")

    def _flock(self) -> bool:
        rest = self.left[1:]
        script = None
        while rest and rest[0].text.startswith("-"):
            option = rest.pop(0).text
            if option in ("-w", "--wait", "--timeout", "-E", "--conflict-exit-code") and rest:
                rest.pop(0)
        if len(rest) < 2:
            return False  # of a descriptor: it starts nothing
        rest.pop(0)
        if rest[0].text in ("-c", "--command"):
            rest.pop(0)
            script = rest[0] if rest else None
        self.notes.append("flock is left out: a task never runs twice at once")
        self.left = [Value("sh"), Value("-c"), script] if script is not None else rest
        return True

    def _package(self) -> None:
        self._options(("-p", "--package", "-c"))
        if self.left and _PACKAGE.fullmatch(self.left[0].text):
            version = self.left[0].text.rpartition("@")[2] if "@" in self.left[0].text[1:] else ""
            if version and version != "latest":
                self.unsaid.append(
                    f"version {version} of claude: see `clodputer config` for the claude that is started"
                )
            self.left[0] = Value("claude")
        # npx claude-code -- -p ...
        if len(self.left) > 1 and self.left[1].text == "--" and base(self.left[0]) == "claude":
            del self.left[1]

    def _shell(self) -> Optional[Value]:
        """The text that a shell is given; None when it is started with a file, or nothing."""
        rest = self.left[1:]
        is_script = False
        while rest and rest[0].text.startswith("-") and rest[0].text != "--":
            option = rest.pop(0).text
            is_script = is_script or (not option.startswith("--") and "c" in option)
            if option in ("-o", "+o", "--rcfile", "--init-file") and rest:
                rest.pop(0)
        return rest[0] if is_script and rest else None
