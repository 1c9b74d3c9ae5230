"""The keys of a task file and what each of them takes; importing this imports pydantic and builds the models."""

# The models give no defaults: those stand in model/task.py, and a key that is not written is not set.
from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from clodputer.model.request import parse_priority
from clodputer.model.task import is_name
from clodputer.model.withunit import YEAR, Expected, duration, size
from clodputer.store.tasks.template_text import marked

UNSET: Any = None
# A run gets these from us, whatever its task says: what it leaves behind is found by them.
RESERVED = frozenset(("CLODPUTER_RUN_ID", "CLODPUTER_TASK", "CLODPUTER_SESSIONS", "TMPDIR"))


def expected(what: str, tail: str = "") -> PydanticCustomError:
    """The error `expected <what>, found <the value><tail>`; `taskfile_errors` adds what was found."""
    return PydanticCustomError("expected", "{what}", {"what": what, "tail": tail})


def _filled(text: str) -> str:
    if not text.strip():
        raise expected("some text")
    return text


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _argument_list(value: Any) -> Any:
    if isinstance(value, str):
        raise expected(
            "a list such as [program, argument]",
            "; no shell reads it, so each argument is an item of its own",
        )
    return value


def _program(value: list[str]) -> list[str]:
    if not value or not value[0].strip():
        raise expected("at least the name of a program")
    return value


def _name(text: str) -> str:
    if not is_name(text):
        raise expected("1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit")
    return text


def _variable(text: str) -> str:
    if not (text.isidentifier() and text.isascii()):
        raise expected("a variable's name of letters, digits and '_'")
    if text in RESERVED:
        raise expected("another variable", "; Clodputer sets this one itself for each run")
    return text


def _with_unit(read: Callable[[Any], Any]) -> BeforeValidator:
    """What the model reads, with its error as one of pydantic's."""

    def validate(value: Any) -> Any:
        try:
            return read(value)
        except Expected as error:
            raise expected(error.what, error.tail) from None

    return BeforeValidator(validate)


def _seconds(smallest: float) -> BeforeValidator:
    def read(value: Any) -> float:
        seconds = duration(value)
        if not smallest <= seconds <= YEAR:
            raise Expected("a duration above 0 and up to 366d" if smallest else "a duration of up to 366d")
        return seconds

    return _with_unit(read)


def _priority(value: Any) -> int:
    try:
        return parse_priority(value)
    except ValueError:
        raise expected("1 to 5 (5 runs first), or low, normal, high") from None


def _pattern(text: str) -> str:
    if not marked(text):
        try:
            # Python warns of sets such as [[a], whose meaning may change one day; the pattern holds all the same.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise expected("a regular expression", f" ({error})") from None
    return text


def rooted(text: str) -> str:
    """A path that means the same wherever it is read from."""
    if not marked(text) and not (text.startswith(("/", "~/")) or text == "~"):
        raise expected("an absolute path, or one that begins with ~/")
    return text


Text = Annotated[str, AfterValidator(_filled)]
Texts = Annotated[list[Text], BeforeValidator(_one_or_many)]
Arguments = Annotated[list[str], BeforeValidator(_argument_list), AfterValidator(_program)]
Name = Annotated[str, AfterValidator(_name)]
RootedPath = Annotated[Text, AfterValidator(rooted)]
Clock = Annotated[float, _seconds(0.001)]
Pause = Annotated[float, _seconds(0.0)]
Size = Annotated[int, _with_unit(size)]


class Part(BaseModel):
    """A mapping in which only known keys may stand, with values of the very type that is asked for."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ExpectKeys(Part):
    """`expect:`."""

    result_matches: Annotated[Text, AfterValidator(_pattern)] = UNSET
    file_exists: Texts = UNSET
    file_changed: Texts = UNSET
    command_succeeds: Arguments = UNSET
    json_schema: dict[str, Any] = UNSET


class TaskKeys(Part):
    """A task file."""

    name: Name = UNSET
    description: str = UNSET
    enabled: bool = UNSET
    priority: Annotated[int, BeforeValidator(_priority)] = UNSET
    lane: Name = UNSET
    agent: Literal["claude", "command"] = UNSET
    prompt: Text = UNSET
    prompt_file: Text = UNSET
    command: Arguments = UNSET
    working_directory: RootedPath = UNSET
    model: Text = UNSET
    fallback_model: Texts = UNSET
    allowed_tools: Texts = UNSET
    disallowed_tools: Texts = UNSET
    permission_mode: Literal[
        "default", "manual", "acceptEdits", "auto", "bypassPermissions", "dontAsk", "plan"
    ] = UNSET
    max_turns: Annotated[int, Field(ge=1, le=100_000)] = UNSET
    max_cost_usd: Annotated[float, Field(ge=0.0001, le=1_000_000)] = UNSET
    append_system_prompt: Text = UNSET
    mcp_config: Texts = UNSET
    add_dirs: Texts = UNSET
    settings_sources: Annotated[list[Literal["user", "project", "local"]], BeforeValidator(_one_or_many)] = (
        UNSET
    )
    json_schema: dict[str, Any] = UNSET
    session: Literal["new", "continue"] = UNSET
    env: dict[Annotated[str, AfterValidator(_variable)], str] = UNSET
    timeout: Clock = UNSET
    startup_timeout: Clock = UNSET
    stall_timeout: Clock = UNSET
    stop_grace: Pause = UNSET
    max_output: Size = UNSET
    context: dict[str, Any] = UNSET
    on_denied: Literal["fail", "ignore"] = UNSET
    requires_mcp: Texts = UNSET
    expect: ExpectKeys = UNSET
    # Checked one by one with taskfile_triggers.TRIGGERS, so that an error is told in the terms of the type that was meant.
    trigger: Any = UNSET


# Under these keys stand numbers and choices, so `{{ env.X }}` in them is filled in when the file is read:
# NUMBERS as YAML would read the plain value, CHOICES as text.
NUMBERS = frozenset(("enabled", "priority", "max_turns", "max_cost_usd"))
CHOICES = frozenset(
    (
        "lane",
        "agent",
        "permission_mode",
        "settings_sources",
        "session",
        "timeout",
        "startup_timeout",
        "stall_timeout",
        "stop_grace",
        "max_output",
        "on_denied",
        "trigger",
    )
)

CLAUDE_ONLY = frozenset(
    (
        "model",
        "fallback_model",
        "allowed_tools",
        "disallowed_tools",
        "permission_mode",
        "max_turns",
        "max_cost_usd",
        "append_system_prompt",
        "mcp_config",
        "add_dirs",
        "settings_sources",
        "json_schema",
        "session",
        "on_denied",
        "requires_mcp",
    )
)
