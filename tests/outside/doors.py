"""The doors by which text from outside comes into a prompt, and what must be left of the prompt without its fences."""

from __future__ import annotations

import re
from typing import Any

from clodputer.model.request import Request
from clodputer.model.runs.attempts import Past
from clodputer.runner.prompt import texts
from tests.runner.prompting import NONCE
from tests.workshop import task_of

# One output for each door, each between letters of the template's own.
TEMPLATE = """A{{ file.path }}B{{ precheck }}C{{ context.found }}D{{ state.note }}E{{ body }}F{{ last.result }}G
{%- for run in attempts %}{{ run.message }}H{{ run.files | join(', ') }}{% endfor %}I{{ event.payload.text }}J
{%- for one in files %}{{ loop.index }}{{ one.name | upper }}{% endfor %}K{% set x %}{{ file.name ~ '!' }}{% endset %}{{ x }}L
{%- filter trim %}{{ request.body }}{% endfilter %}M{{ last_success.result | tojson }}N{{ context | tojson }}O
{%- for run in attempts %}{{ run.outcome }}{% endfor %}P{{ file.size }}"""
SKELETON = "ABCDEFGHIJ1KLMNOfailedP7"

_FENCE = re.compile(rf'<outside-{NONCE} source="[^"\n]*">(.*?)</outside-{NONCE}>', re.DOTALL)


def through_all(payload: str) -> str:
    """The prompt into which a payload has come by every door."""
    brought = {"path": payload, "name": payload, "size": 7, "event": "created"}
    request = Request(
        "abcd",
        "a",
        0.0,
        {"found": payload, "file": brought, "files": [brought], "event": {"payload": {"text": payload}}},
        payload,
        origin={"trigger": "follow_up", "task": "scan"},
    )
    story = (Past("run", 1, "failed", "exit_status", payload, "", payload, (payload,)),)
    record = {"outcome": "succeeded", "result": payload}
    return rendered(TEMPLATE, request, record, story, payload)


def rendered(text: str, request: Request, record: Any, story: Any = (), found: str = "") -> str:
    task = task_of("a", "/h/tasks/a.yaml", prompt=text, precheck=("true",), state={"max_size": 100_000})
    environ = {"SECRET": "s3cret"}
    remembered = {"note": found}
    return texts.render(task, request, record, environ, {}, record, story, found, remembered, nonce=NONCE)


def outside_of_the_fences(text: str) -> str:
    return _FENCE.sub("", text)


def inside_of_the_fences(text: str) -> list[str]:
    return _FENCE.findall(text)
