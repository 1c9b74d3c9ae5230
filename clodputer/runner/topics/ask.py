"""The topics that are due, asked by a process beside the runs; each message is verified, and becomes an event once."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from time import time
from typing import Any, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.webhook import signature
from clodputer.model.webhook import topic as topics
from clodputer.model.webhook.http import Refused
from clodputer.model.webhook.keys import Webhook, polled
from clodputer.model.webhook.topic import ALL, LARGEST, MOST_ANSWERS, Message
from clodputer.notify import Refused as Unanswered
from clodputer.notify import http
from clodputer.runner import fault
from clodputer.runner.intake.full import behind
from clodputer.runner.processes.stop import Stop
from clodputer.runner.receive import deliver
from clodputer.runner.topics import known as known_topics
from clodputer.store.context import Context
from clodputer.store.due import topics as kept
from clodputer.store.processes import deadline
from clodputer.store.triggers import deliveries

# So long one answer may take, in seconds, however slowly it comes; each step of it may take half of that.
PATIENCE = 30.0
# While a lane is full to which its events lead, or the spool cannot take more, a topic is asked again after so many seconds.
HELD_BACK = 60.0


def poll(context: Context, patience: float = PATIENCE) -> None:
    """Ask each topic that is due, one after the other. What goes wrong with one keeps no other from being asked.

    patience: how long one answer may take, in seconds.
    """
    home, mark = context.home, kept.stamp(context.home)
    found = polled(context.settings.webhooks)
    ahead: list[float] = []
    with Stop() as stop:
        for webhook in found:
            try:
                ahead.append(_poll(context, webhook, stop, patience))
            except Exception as error:  # noqa: BLE001  (whatever it is, the next topic has nothing to do with it)
                with suppress(OSError):
                    fault.report(context, error, "topics")
                ahead.append(time() + webhook.every)
    known_topics.sweep(home, {webhook.name for webhook in found})
    kept.note(home, min(ahead, default=None), mark)


def _poll(context: Context, webhook: Webhook, stop: Stop, patience: float) -> float:
    """Ask a topic if it is due; when to ask again (epoch seconds). Raises OSError."""
    home, now = context.home, time()
    known = known_topics.read(home, webhook.name)
    if known.get("topic") != webhook.topic:
        known = {"topic": webhook.topic, "since": ALL}
    ahead, asked = known.get("next"), known.get("asked")
    # It was asked in the future where the clock was put back since.
    back = isinstance(asked, (int, float)) and asked > now
    if isinstance(ahead, (int, float)) and now < ahead <= now + kept.FARTHEST and not back:
        return float(ahead)
    if stop.requested:
        return now
    # Whatever kills us from here on, it is not asked again at once.
    known["next"] = now + HELD_BACK
    known_topics.write(home, webhook.name, known)
    if behind(context, webhook.name):
        return now + HELD_BACK
    before = int(known.get("failures") or 0)
    trouble, retry_after, held = _take_all(context, webhook, known, stop, patience)
    failures = before + 1 if trouble else 0
    wait = HELD_BACK if held else topics.pause(webhook.every, failures, retry_after)
    known = {**known, "next": now + wait, "failures": failures, "message": trouble, "asked": now}
    known_topics.write(home, webhook.name, known)
    if trouble and not before:
        context.log(time(), "topic_failed", webhook=webhook.name, message=trouble)
    return now + wait


def _take_all(
    context: Context, webhook: Webhook, known: dict[str, Any], stop: Stop, patience: float
) -> tuple[str, Optional[float], bool]:
    """Take what the topic has, and keep how far in `known`; why it could not be asked, how long the server wants us to wait.

    The last says whether something was left there, as the spool cannot take it for now. Raises OSError.
    """
    for _ in range(MOST_ANSWERS):
        if stop.requested:
            return "", None, True
        answer, trouble, retry_after = _ask(context, webhook, str(known.get("since") or ALL), patience)
        if trouble:
            return trouble, retry_after, False
        cut = len(answer) >= LARGEST
        found = topics.messages(answer, cut=cut)
        for message in found:
            if stop.requested or not _take(context, webhook, message):
                return "", None, True
            known["since"] = message.id
        if found:
            known_topics.write(context.home, webhook.name, known)
        if not cut:
            return "", None, False
        if not found:
            return "its answer has a line longer than any message", None, False
    return "", None, True


def _take(context: Context, webhook: Webhook, message: Message) -> bool:
    """Take one message; False when it is to be left there. Whoever is killed in between takes it again, and it is known."""
    now = time()
    try:
        head, body = topics.request(message)
        # It was signed before it was published, perhaps hours before we ask. The moment is the server's word: none is believed
        # that lies before all deliveries that are remembered, or it could repeat what was forgotten.
        oldest = now - deliveries.KEPT + signature.TOLERANCE
        deliver.take(context, webhook, head, body, max(oldest, min(message.at, now)))
    except Refused as refused:
        if refused.status in (429, 503):
            return False
        context.log(
            now,
            "refused",
            webhook=webhook.name,
            status=refused.status,
            message=refused.message,
            id=message.id,
        )
    return True


def _ask(
    context: Context, webhook: Webhook, since: str, patience: float
) -> tuple[bytes, str, Optional[float]]:
    """The server's answer, or why there is none, and how long it asks us to wait. It comes from a child under a deadline."""
    token = context.secrets.get(webhook.token, "") if webhook.token else ""
    if webhook.token and not token:
        return b"", f"{webhook.token} is not set in secrets.env", None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    work = partial(_get, topics.address(webhook.topic, since), headers, dict(context.environ), patience / 2)
    try:
        text, trouble, retry_after = deadline.within(patience, work)
    except TimeoutError:
        return b"", "it does not answer in time", None
    except (ClodputerError, deadline.WorkFailed) as error:
        return b"", str(error), None
    return text.encode("latin-1"), context.masker.text(trouble), retry_after


def _get(
    url: str, headers: dict[str, str], environ: dict[str, str], seconds: float
) -> tuple[str, str, Optional[float]]:
    try:
        answer = http.send(url, None, headers, environ, seconds, most=LARGEST)
    except Unanswered as error:
        return "", str(error), error.retry_after
    return answer.decode("latin-1"), "", None
