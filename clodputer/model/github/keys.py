"""The setting `github`: where its API is, who asks there, and whose wishes count beside those of people who may write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.config.keys import PART, TEXT, TEXTS, Key
from clodputer.model.config.withunit import Expected

API = "https://api.github.com"
# `token: gh` asks GitHub's own command-line program for the token of its login.
GH = "gh"

_REFERENCE = re.compile(r"\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
# A person's own server is reached by https; only this machine itself may do without, as a proxy or a tunnel does.
_URL = re.compile(
    r"(?:https://[A-Za-z0-9.-]+|http://(?:localhost|127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(?:/[A-Za-z0-9._/-]*)?"
)
_ID = re.compile(r"[1-9][0-9]{0,14}")


def token_name(setting: Mapping[str, Any]) -> Optional[str]:
    """The name of the secret that is the token; None when `gh` is asked for it, or no token is named."""
    found = _REFERENCE.fullmatch(str(setting.get("token") or "").strip())
    return found[1] if found else None


def trusted(setting: Mapping[str, Any]) -> frozenset[int]:
    """The ids of accounts whose wishes count although they may not write."""
    return frozenset(int(number) for number in setting.get("trusted") or ())


def _url(value: Any) -> Any:
    if not _URL.fullmatch(value):
        raise Expected("an address such as https://github.example.org/api/v3")
    return value.rstrip("/")


def _token(value: Any) -> Any:
    # A token that is in config.yaml itself would be read by whoever reads that.
    if value.strip() != GH and not _REFERENCE.fullmatch(value.strip()):
        raise Expected('"{{ env.NAME }}", with NAME among the secrets, or gh', secret=True)
    return value.strip()


def _trusted(value: Any) -> Any:
    if not _ID.fullmatch(value):
        raise Expected(
            'the number of an account such as "583231"',
            "; a login can be given up and taken by somebody else",
        )
    return value


SETTING = Key(
    "github",
    PART,
    {},
    "How GitHub is asked; see [GitHub](github.md).",
    keys=(
        Key(
            "api_url",
            TEXT,
            API,
            "The address of the API. That of a GitHub Enterprise Server ends with `/api/v3`.",
            check=_url,
            takes="address",
            absent=f"`{API}`",
            example="https://github.example.org/api/v3",
        ),
        Key(
            "token",
            TEXT,
            "",
            "The token: a secret by reference, or `gh`, which takes it from `gh auth token`. Only Clodputer uses "
            "it; no run gets "
            "it.",
            check=_token,
            takes="`{{ env.NAME }}`, or `gh`",
            absent="none, and GitHub is not asked",
            example="{{ env.GITHUB_TOKEN }}",
        ),
        Key(
            "trusted",
            TEXTS,
            (),
            "The numbers of accounts, bots for example, whose labels and comments count although they may not write to the "
            "repository. `gh api users/NAME --jq .id` prints such a number.",
            1,
            check=_trusted,
            takes="number in quotes, or a list of them",
            absent="only people who may write",
            example=["583231"],
        ),
    ),
    absent="GitHub is not asked",
    example={"token": "{{ env.GITHUB_TOKEN }}"},
)
