"""The errors of the YAML parser in the words of the person who wrote the file."""

from __future__ import annotations

from typing import Any

import yaml

# What the parser says, and what the person at the keyboard most likely did.
_MEANINGS = (
    ("found character '\\t'", "YAML does not allow tabs for indentation; use spaces"),
    (
        "mapping values are not allowed here",
        "a second ': ' in one line, or a line that is indented too far; put a text that holds ': ' in quotes",
    ),
    (
        "could not find expected ':'",
        "a line without a ':' after its key, or a text that is not indented below its key",
    ),
    ("found unexpected end of stream", "a quote that is opened here is never closed"),
    ("found character", "a plain text cannot begin with this character; put the text in quotes"),
    (
        "did not find expected",
        "the line does not fit the ones above it; check indentation, brackets and quotes",
    ),
    ("expected <block end>", "the line does not fit the ones above it; check its indentation and quotes"),
    ("expected ',' or", "a bracket that is opened here or above is not closed, or a comma is missing"),
    ("expected alphabetic", "a plain text cannot begin with * or &; put the text in quotes"),
    ("found duplicate anchor", "an anchor (&name) is given twice"),
)


def explain(error: Exception, text: str) -> tuple[int, str]:
    """The line of an error of the parser, and what most likely is wrong there."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return (
            line,
            f"the control character U+{_number(error.character):04X} is not allowed in YAML; remove it",
        )
    if not isinstance(error, yaml.MarkedYAMLError):
        return (1, f"not readable as YAML: {type(error).__name__}")
    problem = str(error.problem or error.context or "").strip()
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    # The parser reports these where it noticed them; what matters is where the text began.
    if (
        problem.startswith(("found unexpected end of stream", "could not find expected"))
        and error.context_mark
    ):
        line = error.context_mark.line
    lines = text.split("\n")
    here = lines[line] if line < len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())]:
        meaning = _MEANINGS[0][1]
    else:
        meaning = next((meaning for start, meaning in _MEANINGS if problem.startswith(start)), problem)
    return (line + 1, f"not readable as YAML: {meaning}")


def _number(character: Any) -> int:
    return character if isinstance(character, int) else ord(character)
