"""Expect: what must be true after a run for it to have succeeded; the value and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import ARGUMENTS, MAPPING, PART, PATTERN, TEXTS, Key


class Expect(NamedTuple):
    """What must be true after a run; what is None or empty is not asked for."""

    result_matches: Optional[str] = None
    file_exists: tuple[str, ...] = ()
    file_changed: tuple[str, ...] = ()
    command_succeeds: tuple[str, ...] = ()
    json_schema: Optional[Mapping[str, Any]] = None


KEYS = (
    Key(
        "expect",
        PART,
        {},
        "What success looks like. If one of the conditions does not hold, the run failed with reason `expect_unmet`.",
        keys=(
            Key(
                "result_matches",
                PATTERN,
                help="The regular expression (of Python) is found somewhere in the result.",
                example="^done",
            ),
            Key(
                "file_exists",
                TEXTS,
                (),
                "Each of these files or folders exists after the run.",
                smallest=1,
                takes="path, or list of paths",
                example=["report.md"],
            ),
            Key(
                "file_changed",
                TEXTS,
                (),
                "Each of these files was made or changed during the run.",
                smallest=1,
                takes="path, or list of paths",
                example="CHANGELOG.md",
            ),
            Key(
                "command_succeeds",
                ARGUMENTS,
                (),
                "The program exits with 0, in the working directory after the run.",
                example=["make", "test"],
            ),
            Key(
                "json_schema",
                MAPPING,
                help="The result is JSON that this JSON Schema accepts.",
                example={"type": "object"},
            ),
        ),
        absent="nothing",
        example={"file_exists": "report.md"},
    ),
)
