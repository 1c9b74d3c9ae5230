"""The webhooks of a home: their addresses, whether their secrets are set, and when each last came."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from clodputer.model.text.moment import iso
from clodputer.model.webhook.keys import Webhook, address, by_path, polled
from clodputer.model.webhook.signature import is_long_enough
from clodputer.runner.topics import known as topics
from clodputer.store.context import Context
from clodputer.store.triggers import deliveries


class Hook(NamedTuple):
    """One webhook. missing: its secrets that are not set; short: those that are too short to be any. last: when it came.

    asked: when its topic was asked last (epoch seconds), and trouble: why that failed; for one that is not listened for.
    """

    webhook: Webhook
    url: str
    missing: tuple[str, ...]
    short: tuple[str, ...]
    last: Optional[float]
    asked: Optional[float] = None
    trouble: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        webhook = self.webhook
        return {
            "name": webhook.name,
            "url": self.url,
            "ntfy_topic": webhook.topic or None,
            "asked": None if self.asked is None else iso(self.asked),
            "trouble": self.trouble or None,
            "kind": webhook.kind,
            "type": webhook.type or None,
            "events": None if webhook.events is None else list(webhook.events),
            "secrets": list(webhook.secrets),
            "missing": list(self.missing),
            "short": list(self.short),
            "last": None if self.last is None else iso(self.last),
        }


def look(context: Context) -> tuple[Hook, ...]:
    """All of them, by their addresses. Raises OSError."""
    host, port = address(context.settings.listen)
    at = f"[{host}]" if ":" in host else host
    last = deliveries.last(context.home)
    called = [
        (hook, f"http://{at}:{port}{path}")
        for path, hook in sorted(by_path(context.settings.webhooks).items())
    ]
    asked = [(hook, hook.topic) for hook in polled(context.settings.webhooks)]
    return tuple(_hook(context, hook, url, last.get(hook.name)) for hook, url in (*called, *asked))


def _hook(context: Context, webhook: Webhook, url: str, last: Optional[float]) -> Hook:
    known = topics.read(context.home, webhook.name) if webhook.topic else {}
    asked = known.get("asked")
    needed = (*webhook.secrets, *((webhook.token,) if webhook.token else ()))
    return Hook(
        webhook,
        url,
        tuple(name for name in needed if not context.secrets.get(name)),
        tuple(
            name
            for name in webhook.secrets
            if context.secrets.get(name) and not is_long_enough(webhook.kind, context.secrets[name])
        ),
        last,
        float(asked) if isinstance(asked, (int, float)) else None,
        str(known.get("message") or ""),
    )


def failing(context: Context) -> tuple[tuple[str, str], ...]:
    """The webhooks whose topics could not be asked, each with the reason."""
    found = ((one.name, topics.read(context.home, one.name)) for one in polled(context.settings.webhooks))
    return tuple((name, str(known["message"])) for name, known in found if known.get("message"))
