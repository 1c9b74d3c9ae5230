"""A delivery of a webhook: who sent it is verified, its event is written down, and then it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from json import dumps
from typing import Any

from clodputer.model.triggers.event import ENDING, InvalidEvent, from_fields
from clodputer.model.webhook import delivery, signature
from clodputer.model.webhook.http import Head, Refused
from clodputer.model.webhook.keys import Webhook
from clodputer.runner.receive.answer import Answer
from clodputer.store.context import Context
from clodputer.store.files import atomic
from clodputer.store.spool import idle
from clodputer.store.triggers import deliveries

# While more than this waits to be taken in, a sender is asked to come again later.
MOST_WAITING = 1000


def take(context: Context, webhook: Webhook, head: Head, body: bytes, now: float) -> Answer:
    """Take in one request: 202 when its event lies durably in `new/`, or came before. Raises Refused.

    The event is written first and noted as known afterwards. Whoever is killed in between takes a repeated delivery once more,
    and the dedupe key of the event keeps the two one.
    """
    once = signature.headers(webhook.kind) | {delivery.TYPE_HEADERS.get(webhook.kind, "")}
    if head.repeated & once:
        raise Refused(400, f"there is more than one {min(head.repeated & once)}")
    secrets = [context.secrets[name] for name in webhook.secrets if context.secrets.get(name)]
    given = signature.verify(webhook.kind, secrets, head.headers, body, now)
    found = delivery.read(webhook.kind, given, head.headers, body)
    if found.challenge:
        return Answer(200, found.challenge)
    if not delivery.wanted(webhook.kind, found.type, webhook.events):
        return Answer(202, "not wanted\n")
    try:
        names = tuple(filter(None, (found.id, found.state)))
        if any(deliveries.is_known(context.home, webhook.name, name) for name in names):
            return Answer(202, "known already\n")
        if idle.count_drops(context.home) >= MOST_WAITING:
            raise Refused(429, "too much is waiting here", {"Retry-After": "60"})
        fields = {
            "from": webhook.name,
            "type": webhook.type or found.type,
            "dedupe_key": found.id,
            **({"item": found.item} if found.item else {}),
        }
        _check({**fields, "payload": found.payload})
        # The body as it came: written again in ASCII it could be six times as long.
        event = dumps(fields).encode()[:-1] + b', "payload": ' + body.strip() + b"}\n"
        file = f"{webhook.name}.{sha256(found.id.encode('utf-8', 'replace')).hexdigest()[:16]}{ENDING}"
        atomic.write(f"{context.home.new}/{file}", event, through=context.home.tmp)
        for name in names:
            deliveries.keep(context.home, webhook.name, name)
    except OSError as error:
        message = f"this cannot be written down: {error.strerror or type(error).__name__}"
        raise Refused(503, message, {"Retry-After": "60"}) from None
    with suppress(OSError):
        context.log(now, "webhook", webhook=webhook.name, type=fields["type"], delivery=found.id)
    return Answer(202, "accepted\n")


def _check(fields: Mapping[str, Any]) -> None:
    """Refuse now, while the sender can hear of it, what intake would reject. Raises Refused."""
    try:
        from_fields(fields, "0000")
    except InvalidEvent as error:
        raise Refused(400, f"this is not a valid event: {error}") from None
