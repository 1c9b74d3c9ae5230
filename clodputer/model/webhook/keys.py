"""The keys of webhooks in config.yaml, and what is made of them: which address belongs to which webhook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import CHOICE, DURATION, NAMED, TEXT, TEXTS, Key
from clodputer.model.config.settings import LISTEN
from clodputer.model.config.withunit import Expected
from clodputer.model.triggers.event import is_type
from clodputer.model.webhook import topic
from clodputer.model.webhook.signature import SCHEMES

# Addresses of our own.
HEALTH, APPROVE = "/healthz", "/approve"
_RESERVED = (HEALTH, APPROVE)

# How often a topic is asked where nothing says so, in seconds.
EVERY = 300.0

_SECRET = re.compile(r"\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_PATH = re.compile(r"/[A-Za-z0-9._~/-]{0,199}")
_LISTEN = re.compile(r"(?:(\[[0-9A-Fa-f:.]+\]|[0-9]{1,3}(?:\.[0-9]{1,3}){3}):)?([0-9]{1,5})")


class Webhook(NamedTuple):
    """One webhook. secrets: names of variables of secrets.env, of which any may have signed. type: of its events; empty: as the
    sender says. events: the types that are wanted; None: all. topic: the address of an ntfy topic that is asked instead of
    listening, every so many seconds; token: the name of the variable of secrets.env that the server wants to see.
    """

    name: str
    path: str
    kind: str
    secrets: tuple[str, ...]
    type: str = ""
    events: Optional[tuple[str, ...]] = None
    topic: str = ""
    token: str = ""
    every: float = EVERY


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
        fields.get("ntfy_topic", ""),
        _SECRET.fullmatch(fields["token"].strip())[1] if fields.get("token") else "",  # type: ignore[index]
        fields.get("every") or EVERY,
    )


def by_path(webhooks: Mapping[str, Mapping[str, Any]]) -> dict[str, Webhook]:
    """The webhooks that others call, by the path of their address."""
    found = (webhook(name, fields) for name, fields in webhooks.items())
    return {one.path: one for one in found if not one.topic}


def polled(webhooks: Mapping[str, Mapping[str, Any]]) -> list[Webhook]:
    """The webhooks whose topics are asked, by name."""
    found = (webhook(name, fields) for name, fields in sorted(webhooks.items()))
    return [one for one in found if one.topic]


def address(listen: str) -> tuple[str, int]:
    """Host and port of `listen`, whose host may be left out; it was checked."""
    host, _, port = listen.rpartition(":")
    return (host or "127.0.0.1").strip("[]"), int(port)


def _path(value: Any) -> Any:
    if not _PATH.fullmatch(value) or value.rstrip("/") in _RESERVED or "//" in value:
        raise Expected("a path such as /hook/github; /healthz and /approve are Clodputer's own")
    return value


def _topic(value: Any) -> Any:
    wrong = topic.problem(value)
    if wrong:
        raise Expected(wrong, secret=True)  # whoever knows the name of a topic reads along
    return value


def _token(value: Any) -> Any:
    if not _SECRET.fullmatch(value.strip()):
        raise Expected("{{ env.NAME }}, with NAME=... in secrets.env", secret=True)
    return value


def _type(value: Any) -> Any:
    if not is_type(value):
        raise Expected("letters, digits or any of . _ : / -, such as build.failed")
    return value


def _listen(value: Any) -> Any:
    found = _LISTEN.fullmatch(value)
    if found is None or not 1 <= int(found[2]) <= 65535 or not _is_host(found[1] or ""):
        raise Expected("an address such as 127.0.0.1:8787 or [::1]:8787")
    return value


def _is_host(host: str) -> bool:
    """Whether this is an address of IPv4, one of IPv6 in brackets, or nothing."""
    # Imported when config.yaml was edited: no request needs it.
    from ipaddress import IPv4Address, IPv6Address

    try:
        return not host or bool(IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host))
    except ValueError:
        return False


def _all(value: Mapping[str, Mapping[str, Any]]) -> Any:
    paths: dict[str, str] = {}
    for name, fields in value.items():
        secrets = fields["secret"]
        # A secret that is in config.yaml itself would be read by whoever reads that.
        if len(secrets) > 2 or not all(_SECRET.fullmatch(text.strip()) for text in secrets):
            raise Expected(
                f"{{{{ env.NAME }}}} as the secret of {name}, or a list of two, with NAME=... in secrets.env",
                secret=True,
            )
        if not fields.get("ntfy_topic"):
            for key in ("token", "every"):
                if fields.get(key):
                    raise Expected(f"no {key} of {name}, which has no ntfy_topic")
        elif fields.get("path"):
            raise Expected(f"either a path or an ntfy_topic of {name}")
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
        "Addresses at which others report events, each under a name of your choice, which `from` of a route uses; see "
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
                "The secret with which the sender signs, by reference; two of them while it is being changed.",
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
                "The sender's types that are wanted, with or without the action after the dot; others are answered, but "
                "make no event.",
                1,
                absent="all",
                example=["issues", "pull_request.opened"],
            ),
            Key(
                "ntfy_topic",
                TEXT,
                "",
                "The address of a topic of ntfy that is asked for messages with webhooks, instead of listening.",
                check=_topic,
                absent="the scheduler listens",
                takes="address such as `https://ntfy.sh/my-topic`",
                example="https://ntfy.sh/my-topic",
            ),
            Key(
                "token",
                TEXT,
                "",
                "The access token of that server, by reference.",
                check=_token,
                absent="none is sent",
                takes="`{{ env.NAME }}`",
                example="{{ env.NTFY_TOKEN }}",
            ),
            Key("every", DURATION, EVERY, "How often the topic is asked.", 60, 86400, example="2m"),
        ),
        check=_all,
        absent="nothing listens",
        example={"github": {"kind": "github", "secret": "{{ env.GITHUB_HOOK }}"}},
    ),
    Key(
        "listen",
        TEXT,
        LISTEN,
        "Where the scheduler listens for webhooks. Other machines can reach any address but the loopback one, "
        "without TLS: use a "
        "proxy in front of it instead.",
        check=_listen,
        takes="address and port",
        example=LISTEN,
    ),
)
