"""Webhooks that come by way of an ntfy topic: what the server answers, what a message holds, and when to ask again. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from clodputer.model.text.jsontext import reader
from clodputer.model.webhook.http import Head, Refused

# In bytes: so much of one answer is read. A server keeps 4,096 bytes of a message (docs.ntfy.sh/config), a line has some more.
LARGEST = 1024 * 1024
# So many answers are asked for at one poll, one after the other, while each is cut off at LARGEST.
MOST_ANSWERS = 10
# The first message that is asked for: all that the server still has, by default those of 12 hours.
ALL = "all"
# After a failure it is tried again after `every`, twice as long each time, at most so many seconds.
LONGEST_PAUSE = 6 * 3600.0
# Names of messages become part of an address.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._:\[\]-]+)(?:/[A-Za-z0-9._~/-]*)?/[A-Za-z0-9_-]{1,64}/?"
)
_HERE = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]+)?")

_loads = reader()


class Message(NamedTuple):
    """A message of a topic. at: when the server got it, epoch seconds. text: as it was published; attached: it was too long."""

    id: str
    at: float
    text: str
    attached: bool = False


def address(topic: str, since: str) -> str:
    """What is asked: all messages after the one with the id `since`, or ALL (docs.ntfy.sh/subscribe/api)."""
    return f"{topic.rstrip('/')}/json?poll=1&since={since}"


def problem(topic: str) -> str:
    """Why this cannot be the address of a topic; empty when it can."""
    found = _ADDRESS.fullmatch(topic)
    if found is None:
        return "an address such as https://ntfy.sh/my-topic"
    if found["scheme"] == "http" and not _HERE.fullmatch(found["host"]):
        return "an address that begins with https://"
    return ""


def messages(answer: bytes, *, cut: bool) -> list[Message]:
    """The messages in an answer, a JSON object in each line; other lines say nothing. cut: its end was not read."""
    lines = answer.split(b"\n")
    found = []
    for line in lines[:-1] if cut else lines:
        try:
            fields = _loads(line.decode("utf-8"))
        except ValueError:
            continue
        if not isinstance(fields, dict) or fields.get("event") != "message":
            continue
        name, at, text = fields.get("id"), fields.get("time"), fields.get("message", "")
        if not isinstance(name, str) or not _ID.fullmatch(name) or not isinstance(text, str):
            continue
        if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at < 1e12:
            continue
        found.append(Message(name, float(at), text, attached="attachment" in fields))
    return found


def request(message: Message) -> tuple[Head, bytes]:
    """The request that a message carries: its headers by name in lower case, and its body. Raises Refused."""
    if message.attached:
        raise Refused(413, "it was too long for a message of ntfy, which made an attachment of it")
    try:
        fields = _loads(message.text)
    except ValueError:
        raise Refused(400, "the message is not JSON") from None
    headers, body = (fields.get("headers"), fields.get("body")) if isinstance(fields, dict) else (None, None)
    if not isinstance(headers, dict) or not isinstance(body, str):
        raise Refused(400, 'the message is not {"headers": {...}, "body": "..."}')
    given = {name.lower(): value for name, value in headers.items() if isinstance(value, str)}
    content = body.encode("utf-8", "surrogatepass")
    return Head("POST", "", "", {"content-type": "application/json", **given}, len(content), False), content


def pause(every: float, failures: int, retry_after: Optional[float]) -> float:
    """How long to wait, in seconds, after so many failures in a row. retry_after: what the server asked for."""
    if not failures:
        return every
    return min(LONGEST_PAUSE, max(every * 2.0 ** min(failures - 1, 16), retry_after or 0.0))
