"""The guard: no text from outside becomes a slash command."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request
from clodputer.runner.prompt import guard, texts
from tests.runner.prompting import NONCE, unfenced
from tests.workshop import task_of

REQUEST = Request("abcd", "a", 0.0)


def _render(text: str, request: Request, environ: Mapping[str, str] = {}, **fields: Any) -> str:
    return unfenced(
        texts.render(
            task_of("a", "/h/tasks/a.yaml", prompt=text, **fields), request, None, environ, {}, nonce=NONCE
        )
    )


@pytest.mark.parametrize(
    ("template", "rendered", "guarded"),
    [
        ("{{ body }}", "/cost", True),
        ("{{ body }}", "  \n\t/cost", True),
        ("{{ body }}", "\ufeff/cost", True),
        ("{{ body }}", "\u200b\u2060\u00a0\u3000\x00\x1b/cost", True),
        ("{{ body }}", "/usr/bin/x is broken", True),
        ("/{{ body }}", "/cost", True),
        ("/co{{ body }}", "/cost", True),
        ("/re {{- body }}", "/review", True),
        ("{# mine #}/review", "/review", True),
        ("{{ body }} /review", "/cost /review", True),
        ("/review {{ body }}", "/review /cost", False),
        ("\n /review\n{{ body }}", "\n /review\nx", False),
        ("/review", "/review", False),
        ("{{ body }}", "cost /cost", False),
        ("{{ body }}", "", False),
        ("{{ body }}", "  ", False),
    ],
)
def test_the_guard(template: str, rendered: str, guarded: bool) -> None:
    """A slash command is the person's own only if the template begins with it, written out."""
    expected = guard.GUARD + rendered if guarded else rendered
    assert guard.guard(rendered, template) == expected


OUTSIDE = st.text(
    st.sampled_from("/ \n\t\r\x00\x0b\x1c\x85\xa0\u200b\u200e\u2028\u2060\u3000\ufeff\ue000ab{}%"),
    max_size=12,
)


def _begins_with_slash(text: str) -> bool:
    """Whether the first character that can be seen is a slash: told apart from the guard's own notion."""
    for letter in text:
        if unicodedata.category(letter)[0] not in "CZ":
            return letter == "/"
    return False


@settings(deadline=None)
@given(
    OUTSIDE | st.text(max_size=10),
    st.sampled_from(
        [
            "{{ body }}",
            "{{ body }} and then",
            "\n {{ body }}",
            "{% if body %}{{ body }}{% endif %}",
            "{{ context.x }}",
            "{{ body | trim }}",
            "{{- body -}}",
            "/{{ body }}",
            "/x{{ body }}",
            "{{ request.body }}",
            "{{ env.X }}{{ body }}",
        ]
    ),
)
@example("/cost", "{{ body }}")
@example("", "{{ body }}")
def test_no_text_from_outside_begins_with_a_slash(outside: str, template: str) -> None:
    """Whatever comes in by request or environment, the prompt does not begin with a slash command."""
    request = REQUEST._replace(body=outside, context={"x": outside})
    if "body" not in template:
        request = request._replace(body="")
    try:
        text = _render(template, request, {"X": outside.replace("\0", "")})
    except ClodputerError:
        text = ""  # an empty prompt is not sent at all
    assert not _begins_with_slash(text)


@settings(deadline=None)
@given(OUTSIDE, OUTSIDE)
def test_the_command_is_the_templates_own(outside: str, glue: str) -> None:
    """Where a prompt does begin with a slash, its first word is that of the template, whole."""
    request = REQUEST._replace(body=outside)
    template = f"/re{glue.replace('{', '').replace('%', '')}{{{{- body }}}}"
    text = _render(template, request)
    if _begins_with_slash(text):
        own = template.lstrip().split()[0]
        assert text.split()[0] == own
        assert "{" not in own


def test_a_command_gets_its_input_as_it_is() -> None:
    """Only Claude knows slash commands."""
    assert _render("{{ body }}", REQUEST._replace(body="/cost"), agent="command", command=("cat",)) == "/cost"
