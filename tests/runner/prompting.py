"""Prompts rendered for tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request
from clodputer.runner.prompt import texts
from tests.workshop import task_of

REQUEST = Request("abcd", "a", 1_700_000_000.5, origin={"trigger": "spool", "file": "x.md"}, attempt=2)


LAST = {"outcome": "failed", "result": {"x": 1}, "started_at": "S", "ended_at": "E"}

# What no run has: each makes its own.
NONCE = "0f0e0d0c0b0a0908"


def rendered(
    text: str,
    request: Request = REQUEST,
    last: Optional[Mapping[str, Any]] = None,
    environ: Optional[Mapping[str, str]] = None,
    secrets: Optional[Mapping[str, str]] = None,
    **fields: Any,
) -> str:
    task = task_of("a", "/h/tasks/a.yaml", prompt=text, **fields)
    return unfenced(texts.render(task, request, last, environ or {}, secrets or {}, nonce=NONCE))


def unfenced(text: str) -> str:
    """A prompt without the marks around its text from outside; what is between them stays."""
    return re.sub(f'</?outside-{NONCE}(?: source="[^"]*")?>', "", text)


def error_of(text: str, **fields: Any) -> ClodputerError:
    with pytest.raises(ClodputerError) as caught:
        rendered(text, **fields)
    return caught.value
