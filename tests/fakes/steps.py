"""Steps written into a prompt (`@say hello`) and the one the stand-in of the Messages API has to play next."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any, Optional

# What a step does to the conversation decides how it is counted.
# A turn of the model: the conversation that the next request brings shows that it has been.
TURNS = {"say", "bash", "tool", "mcp", "structured", "big", "max_tokens", "echo"}
# Trouble leaves no turn in the conversation: the server counts the requests.
TROUBLES = {"status", "limit", "hang", "stall", "cut", "reset", "garbage", "refuse", "empty"}
# Said on the way to the next turn or trouble.
NOTES = {"usage", "mark", "wait", "pause", "warn"}
ADDED = "and"  # `@and bash ls` joins the turn before it

FREE_TEXT = {"say", "bash", "mark", "wait"}
NUMBERED = {"status", "big", "pause"}  # their first word is a number
WITH_JSON = {"tool": 1, "mcp": 2, "structured": 0}  # words before the JSON object
OFTEN = {"max_tokens"} | TROUBLES  # without `times=` they never end

LINE = re.compile(r"^[ \t]*@([a-z_]+)(?:[ \t]+(.*?))?[ \t]*$", re.MULTILINE)


class BadStep(ValueError):
    """A line looks like a step and is none; said aloud, so that a typing error cannot pass a test."""


@dataclass(frozen=True)
class Step:
    """One `@line`: its name, plain words, key=value options, free text and JSON input."""

    name: str
    words: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    text: str = ""
    data: Any = None

    def number(self, key: str, default: float) -> float:
        return float(self.options.get(key, default))

    @property
    def times(self) -> Optional[int]:
        """How many requests this step answers; None is for ever."""
        said = self.options.get("times")
        if said is not None:
            return int(said)
        return None if self.name in OFTEN and "ever" not in self.options else 1


@dataclass
class Beat:
    """What happens until the model has had one turn: troubles first, then the turn itself."""

    before: list[list[Step]] = field(default_factory=list)  # each: notes, then one trouble
    turn: list[Step] = field(default_factory=list)  # notes, then the turn's steps; empty: the story is over


def parse_step(name: str, rest: str) -> Step:
    if name in FREE_TEXT:
        return Step(name, text=_text(rest))
    if name in WITH_JSON:
        parts = rest.split(None, WITH_JSON[name])
        words, tail = parts[: WITH_JSON[name]], parts[WITH_JSON[name] :]
        if len(words) < WITH_JSON[name]:
            raise BadStep(f"@{name} needs {WITH_JSON[name]} word(s) and a JSON object")
        try:
            return Step(name, words=tuple(words), data=json.loads(tail[0]) if tail else {})
        except ValueError as error:
            raise BadStep(f"@{name}: no JSON: {error}") from None
    words, options = [], {}
    for word in shlex.split(rest):
        key, equals, value = word.partition("=")
        if equals and key.isidentifier():
            options[key] = value
        else:
            words.append(word)
    counts = [options[key] for key in ("times", "ever") if key in options]
    if name in NUMBERED:
        counts.append(words[0] if words else "")
    if not all(count.isdigit() for count in counts):
        raise BadStep(f"@{name} {rest}: a whole number is missing")
    return Step(name, words=tuple(words), options=options)


def _text(rest: str) -> str:
    """Free text; in JSON quotes when it has to hold line ends or control characters."""
    if rest.startswith('"') and rest.endswith('"'):
        try:
            return str(json.loads(rest))
        except ValueError:
            return rest
    return rest


def parse(text: str) -> list[Beat]:
    """The story told by a prompt, beat by beat; the last beat is always the empty one."""
    beats = [Beat()]
    notes: list[Step] = []
    for match in LINE.finditer(text):
        name, rest = match.group(1), match.group(2) or ""
        if name == ADDED:
            name, _, rest = rest.partition(" ")
            if name not in TURNS or len(beats) < 2:
                raise BadStep(f"@and {name}: can only add to a turn before it")
            beats[-2].turn.append(parse_step(name, rest))
            continue
        step = parse_step(name, rest)
        if name in NOTES:
            notes.append(step)
        elif name in TROUBLES:
            beats[-1].before.append([*notes, step])
            notes = []
        elif name in TURNS:
            for _ in range(step.times or 1):
                beats[-1].turn = [*notes, step]
                beats.append(Beat())
                notes = []
        else:
            raise BadStep(
                f"@{name} is no step; known: {', '.join(sorted(TURNS | TROUBLES | NOTES | {ADDED}))}"
            )
    beats[-1].turn = notes
    return beats


def choose(beats: list[Beat], position: int, seen: int, ever: int) -> list[Step]:
    """The steps to play now; the last of them answers.

    position: turns the model has had since the prompt; seen: earlier requests at this position in this
    session; ever: earlier requests at this position in any session (for `ever=`, which outlives a run).
    """
    for beat in beats[:position]:
        if beat.turn and beat.turn[-1].name in OFTEN and beat.turn[-1].times is None:
            return beat.turn
    beat = beats[min(position, len(beats) - 1)]
    for played in beat.before:
        trouble = played[-1]
        if "ever" in trouble.options:
            limit = int(trouble.options["ever"])
            if ever < limit:
                return played
            ever -= limit
            continue
        if trouble.times is None or seen < trouble.times:
            return played
        seen -= trouble.times
    return beat.turn


def prompt_of(messages: list[dict[str, Any]]) -> tuple[int, str, int]:
    """(index of the last prompt, its text, how many turns the model has had since).

    The last user message with a step in it counts; without any, the last one that is no tool result.
    The command line adds reminders and tool results of its own: their text is never a step.
    """
    plain = None
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if message.get("role") != "user":
            continue
        text = "\n".join(_texts(message.get("content")))
        if LINE.search(text):
            return index, text, _turns(messages[index + 1 :])
        if text and plain is None:
            plain = (index, text, _turns(messages[index + 1 :]))
    return plain or (0, "", 0)


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    texts = [block["text"] for block in content or [] if block.get("type") == "text"]
    return [text for text in texts if not text.lstrip().startswith("<system-reminder>")]


def _turns(messages: list[dict[str, Any]]) -> int:
    return sum(message.get("role") == "assistant" for message in messages)
