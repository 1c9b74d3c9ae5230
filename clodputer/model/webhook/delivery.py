"""What a delivered webhook says: its type, whether it is wanted, and the event that is made of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any, NamedTuple, Optional

from clodputer.model.text.jsontext import reader
from clodputer.model.webhook.http import Refused

# Where a sender says what its webhook is about; `kind: generic` may say it in either place.
TYPE_HEADERS: Mapping[str, str] = {
    "github": "x-github-event",
    "gitlab": "x-gitlab-event",
    "generic": "x-event-type",
}
LONGEST_TYPE = 100


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_loads = reader(parse_constant=_no_number)


class Delivery(NamedTuple):
    """One webhook. id: of the delivery, or made of the body. item: what it is about, such as `octo/site#42`; empty when the
    sender does not say so in a way that is known. challenge: what Slack wants to hear back once. state: a second name of
    the delivery, made of its body, where two bodies are never the same and the id is not signed; empty for others.
    """

    type: str
    id: str
    payload: Mapping[str, Any]
    item: str = ""
    challenge: str = ""
    state: str = ""


def read(kind: str, delivery: str, headers: Mapping[str, str], body: bytes) -> Delivery:
    """What a signed request holds. Raises Refused for what is not a JSON object."""
    content = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content != "application/json" and not content.endswith("+json"):
        raise Refused(415, "only application/json is accepted; choose it as the content type of the webhook")
    try:
        payload = _loads(body.decode("utf-8"))
    except ValueError:
        raise Refused(400, "the body is not JSON, or is nested too deeply") from None
    if not isinstance(payload, dict):
        raise Refused(400, "the body is not a JSON object")
    own = payload.get("event_id") if kind == "slack" else payload.get("id") if kind == "generic" else ""
    if not delivery and isinstance(own, str) and 0 < len(own) <= 200 and own.isprintable():
        delivery = own
    challenge = (
        payload.get("challenge") if kind == "slack" and payload.get("type") == "url_verification" else ""
    )
    digest = sha256(body).hexdigest()
    item = _item(payload) if kind == "github" else ""
    return Delivery(
        _type(kind, headers, payload),
        delivery or f"sha256:{digest}",
        payload,
        item,
        challenge if isinstance(challenge, str) and len(challenge) <= 1000 else "",
        # An issue or pull request is in it with all its moments. What asks for something (repository_dispatch) may come
        # again just as it is.
        f"body:{digest}" if item else "",
    )


def _type(kind: str, headers: Mapping[str, str], payload: Mapping[str, Any]) -> str:
    """`issues.labeled`, `push`, `message.channels`; by the sender's own words, in letters that a route can name."""
    said: Optional[str] = headers.get(TYPE_HEADERS.get(kind, ""))
    inner = payload.get("event")
    if kind == "slack" and isinstance(inner, dict):
        said = _text(inner.get("type"))
    said = said or _text(payload.get("type")) or _text(payload.get("object_kind"))
    action = _text(payload.get("action")) if kind == "github" else ""
    name = f"{said}.{action}" if said and action else said or "webhook"
    plain = "".join(
        letter if (letter.isascii() and letter.isalnum()) or letter in "._-/:" else "_" for letter in name
    )
    return plain.strip("._-/:")[:LONGEST_TYPE] or "webhook"


def _item(payload: Mapping[str, Any]) -> str:
    """The issue or pull request of a repository at GitHub that an event is about, as GitHub writes it: `octo/site#42`."""
    repository = payload.get("repository")
    name = _text(repository.get("full_name")) if isinstance(repository, dict) else ""
    for about in ("issue", "pull_request", "discussion"):
        thing = payload.get(about)
        number = thing.get("number") if isinstance(thing, dict) else None
        if name and isinstance(number, int):
            return f"{name}#{number}"
    return ""


def wanted(kind: str, type_: str, events: Optional[Collection[str]]) -> bool:
    """Whether an event of that type was asked for: by its whole name, or by what comes before its action."""
    if kind == "github" and type_ == "ping":
        return False
    return not events or type_ in events or type_.partition(".")[0] in events


def _text(value: Any) -> str:
    return value.strip()[:LONGEST_TYPE] if isinstance(value, str) else ""
