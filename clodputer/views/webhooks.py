"""The webhooks of a home: their addresses, whether their secrets are set, and when each last came."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from clodputer.model.moment import iso
from clodputer.model.webhook.keys import Webhook, address, by_path
from clodputer.model.webhook.signature import SHORTEST_SECRET
from clodputer.store import deliveries
from clodputer.store.context import Context


class Hook(NamedTuple):
    """One webhook. missing: its secrets that are not set; short: those that are too short to be any. last: when it came."""

    webhook: Webhook
    url: str
    missing: tuple[str, ...]
    short: tuple[str, ...]
    last: Optional[float]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        webhook = self.webhook
        return {
            "name": webhook.name,
            "url": self.url,
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
    return tuple(
        Hook(
            webhook,
            f"http://{at}:{port}{path}",
            tuple(name for name in webhook.secrets if not context.secrets.get(name)),
            tuple(
                name
                for name in webhook.secrets
                if 0 < len(context.secrets.get(name, "").encode("utf-8", "replace")) < SHORTEST_SECRET
            ),
            last.get(webhook.name),
        )
        for path, webhook in sorted(by_path(context.settings.webhooks).items())
    )
