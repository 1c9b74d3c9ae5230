"""Secrets by their looks: every kind is cut wherever it stands, and what only looks like a place for one is left."""

from __future__ import annotations

import json

import pytest

from clodputer.model.text import leaks
from tests.secrets_planted import PLANTED


@pytest.mark.parametrize("kind", sorted(PLANTED))
def test_each_kind_is_cut_also_in_json(kind: str) -> None:
    text, secret = PLANTED[kind]
    for given in (
        text,
        f"see: {text}.",
        json.dumps({"said": text}),
        json.dumps([json.dumps({"said": text})]),
    ):
        for part in secret.split("\n"):
            assert part not in leaks.cut(given)


@pytest.mark.parametrize(
    "text",
    [
        "The token was refused, and the secret of success is work.",
        "export GITHUB_TOKEN=$GITHUB_TOKEN",
        "api_key: {{ env.API_KEY }}",
        "https://example.org:8080/path@2",
        "git log --oneline 0123456789abcdef",
        "keyboard: de",
        '{"input_tokens": 12345, "output_tokens": 6789}',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert leaks.cut(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "GITHUB_TOKEN",
        "DB_PASSWORD",
        "ANTHROPIC_API_KEY",
        "MY_KEY",
        "PGPASS",
        "AWS_SECRET_ACCESS_KEY",
        "SENTRY_DSN",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert leaks.is_name(name)


@pytest.mark.parametrize("name", ["PATH", "KEYBOARD", "LANG", "NODE_ENV", "MONKEY"])
def test_names_of_others(name: str) -> None:
    assert not leaks.is_name(name)


def test_much_text_takes_no_long_time() -> None:
    for unit in ("a_", "x:", "aws secret ", "token=", "https://a:", "-----BEGIN ", "eyJ"):
        leaks.cut(unit * 20_000)
