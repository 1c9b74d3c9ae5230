"""Sending one message or ping: in a child process that is killed when it takes too long, whatever the other side does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from socket import gethostname
from typing import Any, NamedTuple, Optional
from urllib.parse import urlsplit

from clodputer import notify
from clodputer.model.errors import ClodputerError
from clodputer.model.notify.letter import PING, Letter
from clodputer.model.text.moment import iso
from clodputer.notify import Message, Refused, ping
from clodputer.outbox import letters as make
from clodputer.outbox.fill import filled, knowing
from clodputer.outbox.links import links
from clodputer.store import secrets
from clodputer.store.context import Context
from clodputer.store.processes import deadline
from clodputer.tasks import taskfile

# In seconds, all that belongs to one letter. Within it a single step, such as a connection, may take a little less.
SECONDS, STEP = 10.0, 8.0


class Failure(NamedTuple):
    """Why something was not delivered. final: another try would end the same way. retry_after: seconds we are to wait."""

    message: str
    retry_after: Optional[float] = None
    final: bool = False


def where(context: Context) -> str:
    """Of which machine and home a message speaks."""
    return f"{gethostname()}:{context.home.root}"


def message_of(context: Context, letters: Sequence[Letter]) -> Message:
    """The message that these letters make, which go to one channel."""
    first = letters[0]
    place = where(context)
    if len(letters) == 1:
        return Message(
            first.id,
            first.edge,
            first.title,
            first.message,
            first.command,
            first.priority,
            iso(first.at),
            place,
            first.task,
            first.run_id,
            links=links(context, first),
        )
    title, text = make.together(letters)
    highest = max(letter.priority for letter in letters)
    return Message(
        first.id,
        "digest",
        title,
        text,
        "clodputer status",
        highest,
        iso(first.at),
        place,
        number=len(letters),
    )


def message(context: Context, name: str, told: Message, seconds: float = SECONDS) -> Optional[Failure]:
    """Send a message to the channel of that name; None when it was delivered, else why it was not."""
    channel = context.settings.notify.get(name)
    if channel is None:
        return Failure(f"config.yaml has no channel {name} any more", final=True)
    return _within(context, partial(_message, context, channel, told, seconds), seconds)


def pinged(context: Context, letter: Letter, seconds: float = SECONDS) -> Optional[Failure]:
    """Send a ping; None when it was delivered, else why it was not."""
    url = ping_url(context, letter.task)
    if not url:
        whose = f"task {letter.task}" if letter.task else "config.yaml"
        return Failure(f"{whose} has no ping any more", final=True)
    return _within(context, partial(_ping, context, url, letter, seconds), seconds)


def ping_url(context: Context, task: str) -> str:
    """The `ping` of a task as it is written, or that of config.yaml for no task; empty when there is none."""
    if not task:
        return context.settings.ping
    try:
        return taskfile.load(context.home, task, context.environ).ping
    except ClodputerError:
        return ""


def target(context: Context, letter: Letter) -> str:
    """What is at fault together when a letter fails: its channel, or the host of its ping."""
    if letter.channel != PING:
        return letter.channel
    url = ping_url(context, letter.task)
    try:
        # Nothing is looked up for that: addresses with the same reference have the same host.
        stood_in = context.knowing(secrets.placeholders(context.settings.secrets))
        host = urlsplit(filled(url, stood_in)).netloc or url
    except (Refused, ValueError):
        host = letter.task
    return f"{PING} {host}"


def _message(context: Context, channel: Mapping[str, Any], told: Message, seconds: float) -> dict[str, Any]:
    try:
        kind = notify.load(channel["type"])
        context = knowing(channel, context)
        kind.send(told, filled(channel, context), context.environ, min(STEP, seconds))
    except (Refused, OSError) as error:
        return _refused(context, error)
    return {}


def _ping(context: Context, url: str, letter: Letter, seconds: float) -> dict[str, Any]:
    try:
        context = knowing(url, context)
        ping.send(filled(url, context), letter.ping, context.environ, min(STEP, seconds))
    except (Refused, OSError) as error:
        return _refused(context, error)
    return {}


def _refused(context: Context, error: Exception) -> dict[str, Any]:
    """What the parent is told, which does not know the secrets that were looked up here."""
    return {"refused": context.masker.text(str(error)), "retry_after": getattr(error, "retry_after", None)}


def _within(context: Context, work: partial[dict[str, Any]], seconds: float) -> Optional[Failure]:
    try:
        answer = deadline.within(seconds, work)
    except TimeoutError:
        return Failure(f"it took longer than {seconds:g} s")
    except (OSError, ClodputerError, deadline.WorkFailed) as error:
        return Failure(context.masker.text(str(error)))
    if "refused" in answer:
        return Failure(context.masker.text(str(answer["refused"])), answer["retry_after"])
    return None
