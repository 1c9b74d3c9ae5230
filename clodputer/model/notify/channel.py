"""Channels: how a person is notified of something, by which key of config.yaml, and what a task says of it; with the edges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import (
    ARGUMENTS,
    CHOICE,
    CHOICES,
    LINE,
    LISTED,
    MAPPING,
    NAMED,
    PART,
    PATTERN,
    STARTING,
    TEXT,
    TEXTS,
    Key,
)
from clodputer.model.config.withunit import Expected

# What a person can be notified of, each with its meaning. It is told once, when it begins, and not at every run.
EDGES = {
    "failed": "a task has failed that worked before; attempts that are followed by a retry do not count",
    "recovered": "a task has succeeded, after you were notified that it failed",
    "suspect": "a run ended well or was skipped, but may not have done its work; once, until a run surely did something",
    "breaker": "the breaker of a task has opened: its triggers start nothing for a while",
    "disabled": "a task was disabled automatically, as its requests ended without success (`auto_disable_after`)",
    "hold": "a hold began that nobody placed by hand, such as a usage limit",
    "hold_ended": "a hold has ended, after you were notified of it",
    "auth": "the login of an account was refused; its tasks wait for a person",
    "budget_near": "four fifths of a limit of a budget are used up",
    "budget_spent": "a limit of a budget is used up",
    "missed": "slot times of a task passed without a run",
    "parked": "a request was parked, as several runs could not finish it",
    "not_followed": "something that should follow a run did not come; reported once, until it comes again",
    "approval_wanted": "a request waits until you approve it (`approve`), or what a run would publish (`publish.staged`)",
    "undelivered": "a run has left work in its worktree that no remote has",
    "not_published": "something that a run wanted published was refused, or could not be sent for a day",
    "plugin_failing": "a plugin has failed so often in a row that it is polled less often (its breaker has opened)",
    "plugin_recovered": "a plugin works again, after you were notified that it keeps failing",
    "idle": "no run has begun or ended for as long as `idle_after` says",
    "result": "a run has succeeded, with its result; only where `on` names it, or `quiet_unless` chooses among results",
}
# What is told where nothing says otherwise.
USUAL = tuple(edge for edge in EDGES if edge != "result")

MOST_BUTTONS = 3
_DIGEST = re.compile(r"daily\s+([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Notify(NamedTuple):
    """The task's part `notify`. None: as config.yaml says. quiet_unless: a regular expression; digest: `daily HH:MM`."""

    channels: Optional[tuple[str, ...]] = None
    on: Optional[tuple[str, ...]] = None
    quiet_unless: str = ""
    digest: str = ""


def time_of_day(digest: str) -> Optional[tuple[int, int]]:
    """Hour and minute of `daily 08:00`; None for another text."""
    found = _DIGEST.fullmatch(digest.strip())
    return (int(found[1]), int(found[2])) if found else None


def edges_of(notify: Notify, channel: Mapping[str, Any]) -> frozenset[str]:
    """The edges that go to a channel for a task: those that both want, or the usual ones."""
    own = notify.on if notify.on is not None else USUAL
    if notify.on is None and notify.quiet_unless:
        own = (*own, "result")
    wanted = frozenset(own)
    return wanted & frozenset(channel["on"]) if channel.get("on") else wanted


def _digest(value: Any) -> Any:
    if time_of_day(value) is None:
        raise Expected("daily and a time of day, such as daily 08:00")
    return value


def _url(value: Any) -> Any:
    scheme, colon, rest = value.partition("://")
    if scheme.lower() not in ("http", "https") or not colon or not rest.strip() or re.search(r"\s", value):
        # Many such addresses hold a token.
        raise Expected("an address such as https://example.org/hook", secret=True)
    return value


def _headers(value: Any) -> Any:
    for name, text in value.items():
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9-]{1,100}", name):
            raise Expected("names of HTTP headers, such as X-Key")
        if not isinstance(text, str) or not text.isprintable():
            raise Expected(f"a text of one line for the header {name}")
    return value


_ON = Key(
    "on",
    CHOICES,
    None,
    "Which events it gets.",
    choices=tuple(EDGES),
    absent="all but `result`",
    example=["failed", "recovered"],
)
_URL = Key("url", TEXT, "", "", check=_url, example="https://example.org/hook")
_HEADERS = Key("headers", MAPPING, {}, "", check=_headers, example={"X-Key": "{{ env.HOOK_KEY }}"})

# The keys of each type of channel, beside `type` and `on`; the first ones are needed.
TYPES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "desktop": ((), ()),
    "command": (("command",), ()),
    "webhook": (("url",), ("headers", "secret")),
    "ntfy": (("topic",), ("url", "token", "click", "actions")),
    "apprise": (("urls",), ()),
}


def check_channel(channel: Mapping[str, Any]) -> None:
    """Whether a channel has the keys of its type and no others. Raises Expected."""
    kind = channel["type"]
    needed, more = TYPES[kind]
    for name in needed:
        if name not in channel:
            raise Expected(f"the key {name} for type: {kind}")
    for name in channel:
        if name not in ("type", "on", *needed, *more):
            raise Expected(f"no key {name}", f"; type: {kind} has {', '.join(('on', *needed, *more))}")


def _channels(value: Mapping[str, Mapping[str, Any]]) -> Any:
    for name, channel in value.items():
        try:
            check_channel(channel)
        except Expected as error:
            raise Expected(f"{error.what} in the channel {name}", error.tail) from None
    return value


_CHANNEL = (
    Key(
        "type",
        CHOICE,
        "",
        "How it is sent: a window on the desktop, a program, a JSON object by HTTP, ntfy, or any service of apprise.",
        choices=tuple(TYPES),
        required=True,
        example="webhook",
    ),
    _ON,
    _URL._replace(
        help="Of `webhook`: where the JSON object is sent. Of `ntfy`: the server.",
        absent="of `ntfy`: `https://ntfy.sh`",
        takes="http or https address",
    ),
    _HEADERS._replace(help="Of `webhook`: further headers.", takes="mapping of texts"),
    Key(
        "secret",
        TEXT,
        "",
        "Of `webhook`: a key with which the body is signed, in the header `X-Clodputer-Signature: sha256=...`.",
        example="{{ env.HOOK_SECRET }}",
    ),
    Key("topic", TEXT, "", "Of `ntfy`: the topic.", example="{{ env.NTFY_TOPIC }}"),
    Key("token", TEXT, "", "Of `ntfy`: an access token.", example="{{ env.NTFY_TOKEN }}"),
    Key(
        "click",
        TEXT,
        "",
        "Of `ntfy`: an address that opens when the message is tapped.",
        example="https://example.org",
    ),
    Key(
        "actions",
        LISTED,
        (),
        f"Of `ntfy`: up to {MOST_BUTTONS} buttons, each with a `label` and the `url` that it opens.",
        keys=(
            Key("label", LINE, "", "What the button says.", required=True, example="Open"),
            Key("url", TEXT, "", "The address that it opens.", required=True, example="https://example.org"),
        ),
        absent="none",
        takes="list of `label` and `url`",
        example=[{"label": "Open", "url": "https://example.org"}],
    ),
    Key(
        "command",
        ARGUMENTS,
        (),
        "Of `command`: the program; the JSON object is on its standard input.",
        example=["~/bin/tell-me"],
    ),
    Key(
        "urls",
        TEXTS,
        (),
        "Of `apprise`: the addresses of its services.",
        1,
        example=["{{ env.TELEGRAM }}"],
        takes="list of texts",
    ),
)

SETTING = Key(
    "notify",
    NAMED,
    {},
    "Channels that notify you, each by a name of your own; see [Telling someone](notify.md). `{{ env.X }}` in their "
    "texts is filled in from secrets.env when something is sent.",
    keys=_CHANNEL,
    check=_channels,
    absent="nobody is notified",
    example={"phone": {"type": "ntfy", "topic": "{{ env.NTFY_TOPIC }}"}},
)

PING = Key(
    "ping",
    TEXT,
    "",
    "An address of healthchecks.io, or of a service with the same protocol, that hears of each start and end of a run.",
    check=_url,
    env=STARTING,
    absent="none",
    takes="http or https address",
    example="{{ env.HEALTHCHECK }}",
)

APPROVE_LINK = Key(
    "approve_link",
    TEXT,
    "",
    "The beginning of the addresses by which you approve or deny a request from a message; a signed token is added to it. "
    "See [Approval](approval.md#links).",
    check=_url,
    absent="messages have no links",
    takes="http or https address",
    example="https://home.example/approve?token=",
)

KEYS = (
    Key(
        "notify",
        PART,
        {},
        "Who is notified about this task, and of what; see [Telling someone](notify.md).",
        keys=(
            Key(
                "channels",
                TEXTS,
                None,
                "The channels of config.yaml that get messages about this task; an empty list: none.",
                absent="all of them",
                example=["phone"],
            ),
            _ON._replace(help="Which events they get."),
            Key(
                "quiet_unless",
                PATTERN,
                "",
                "A run that succeeded is reported, with its result, when this is found in it, or when it is empty. "
                "Failures are reported in any case.",
                example="(?i)warning|urgent",
            ),
            Key(
                "digest",
                TEXT,
                "",
                "Everything comes in one message, at this time of each day.",
                check=_digest,
                takes="`daily HH:MM`",
                absent="each is sent when it happens",
                example="daily 08:00",
            ),
        ),
        absent="as config.yaml says",
        example={"channels": ["phone"]},
    ),
    PING,
)
