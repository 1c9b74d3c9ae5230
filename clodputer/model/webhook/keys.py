"""The keys of webhooks in config.yaml, and what is made of them: which address belongs to which webhook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.event import is_type
from clodputer.model.keys import CHOICE, NAMED, TEXT, TEXTS, Key
from clodputer.model.webhook.signature import SCHEMES
from clodputer.model.withunit import Expected

# 8787 is registered for nothing that is in use.
LISTEN = "127.0.0.1:8787"
# Addresses of our own.
HEALTH, APPROVE = "/healthz", "/approve"
_RESERVED = (HEALTH, APPROVE)

_SECRET = re.compile(r"\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_PATH = re.compile(r"/[A-Za-z0-9._~/-]{0,199}")
_LISTEN = re.compile(r"(?:(\[[0-9A-Fa-f:.]+\]|[0-9]{1,3}(?:\.[0-9]{1,3}){3}):)?([0-9]{1,5})")


class Webhook(NamedTuple):
    """One webhook. secrets: names of variables of secrets.env, of which any may have signed. type: of its events; empty: as the
    sender says. events: the types that are wanted; None: all.
    """

    name: str
    path: str
    kind: str
    secrets: tuple[str, ...]
    type: str = ""
    events: Optional[tuple[str, ...]] = None


def webhook(name: str, fields: Mapping[str, Any]) -> Webhook:
    """A webhook as config.yaml has it, checked."""
    events = fields.get("events")
    return Webhook(
        name,
        fields.get("path") or f"/hook/{name}",
        fields["kind"],
        tuple(_SECRET.fullmatch(text.strip())[1] for text in fields["secret"]),  # type: ignore[index]
        fields.get("type", ""),
        None if events is None else tuple(events),
    )


def by_path(webhooks: Mapping[str, Mapping[str, Any]]) -> dict[str, Webhook]:
    """All webhooks by the path of their address."""
    return {found.path: found for found in (webhook(name, fields) for name, fields in webhooks.items())}


def address(listen: str) -> tuple[str, int]:
    """Host and port of `listen`, whose host may be left out; it was checked."""
    host, _, port = listen.rpartition(":")
    return (host or "127.0.0.1").strip("[]"), int(port)


def _path(value: Any) -> Any:
    if not _PATH.fullmatch(value) or value.rstrip("/") in _RESERVED or "//" in value:
        raise Expected("a path such as /hook/github; /healthz and /approve are Clodputer's own")
    return value


def _type(value: Any) -> Any:
    if not is_type(value):
        raise Expected("letters, digits or any of . _ : / -, such as build.failed")
    return value


def _listen(value: Any) -> Any:
    found = _LISTEN.fullmatch(value)
    host = found[1] or "" if found else ""
    numbers = host.split(".") if host and not host.startswith("[") else []
    if found is None or not 1 <= int(found[2]) <= 65535 or any(int(part) > 255 for part in numbers):
        raise Expected("an address such as 127.0.0.1:8787")
    return value


def _all(value: Mapping[str, Mapping[str, Any]]) -> Any:
    paths: dict[str, str] = {}
    for name, fields in value.items():
        secrets = fields["secret"]
        # A secret that stands in config.yaml itself would be read by whoever reads that.
        if len(secrets) > 2 or not all(_SECRET.fullmatch(text.strip()) for text in secrets):
            raise Expected(
                f"{{{{ env.NAME }}}} as the secret of {name}, or a list of two, with NAME=... in secrets.env"
            )
        path = fields.get("path") or f"/hook/{name}"
        if path in paths:
            raise Expected(f"different paths; {path} is that of {paths[path]} and of {name}")
        paths[path] = name
    return value


SETTINGS = (
    Key(
        "webhooks",
        NAMED,
        {},
        "Addresses at which others report events, each by a name of your own, which is what `from` of a route names; see "
        "[Webhooks](webhooks.md).",
        keys=(
            Key(
                "kind",
                CHOICE,
                "",
                "How the sender signs: as GitHub, Standard Webhooks, Slack or GitLab do, or as this documentation says.",
                choices=tuple(SCHEMES),
                required=True,
                example="github",
            ),
            Key(
                "secret",
                TEXTS,
                (),
                "What the sender signs with, by reference; two of them while it is being changed.",
                1,
                required=True,
                takes="`{{ env.NAME }}`, or a list of two",
                example="{{ env.GITHUB_HOOK }}",
            ),
            Key(
                "path",
                TEXT,
                "",
                "The path of its address.",
                check=_path,
                absent="`/hook/NAME`",
                takes="path such as `/hook/github`",
                example="/hook/github",
            ),
            Key(
                "type",
                TEXT,
                "",
                "The type of its events.",
                check=_type,
                absent="as the sender says, such as `issues.labeled`",
                example="deployed",
            ),
            Key(
                "events",
                TEXTS,
                None,
                "The sender's types that are wanted, with or without the action behind the dot; others are answered and "
                "make no event.",
                1,
                absent="all",
                example=["issues", "pull_request.opened"],
            ),
        ),
        check=_all,
        absent="nothing listens",
        example={"github": {"kind": "github", "secret": "{{ env.GITHUB_HOOK }}"}},
    ),
    Key(
        "listen",
        TEXT,
        LISTEN,
        "Where the scheduler listens for webhooks. An address other than that of the machine itself can be reached by others, "
        "without TLS: put a proxy before it instead.",
        check=_listen,
        takes="address and port",
        example=LISTEN,
    ),
)
