"""Prompts rendered for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request
from clodputer.runner import prompt
from tests.workshop import task_of

REQUEST = Request("abcd", "a", 1_700_000_000.5, origin={"trigger": "spool", "file": "x.md"}, attempt=2)


LAST = {"outcome": "failed", "result": {"x": 1}, "started_at": "S", "ended_at": "E"}


def rendered(
    text: str,
    request: Request = REQUEST,
    last: Optional[Mapping[str, Any]] = None,
    environ: Optional[Mapping[str, str]] = None,
    secrets: Optional[Mapping[str, str]] = None,
    **fields: Any,
) -> str:
    task = task_of("a", "/h/tasks/a.yaml", prompt=text, **fields)
    return prompt.render(task, request, last, environ or {}, secrets or {})


def error_of(text: str, **fields: Any) -> ClodputerError:
    with pytest.raises(ClodputerError) as caught:
        rendered(text, **fields)
    return caught.value
