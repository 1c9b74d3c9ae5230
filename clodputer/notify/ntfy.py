"""The channel `ntfy`: a message to a topic of ntfy.sh or of a server of your own (docs.ntfy.sh/publish, published as JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any

from clodputer.model.notify.channel import MOST_BUTTONS
from clodputer.notify import Message, http

FOR_PEOPLE = True
SERVER = "https://ntfy.sh"
# In bytes; from 4,096 on the server makes an attachment of it.
LONGEST = 3500
_TAGS = {"recovered": "white_check_mark", "result": "memo", "hold_ended": "arrow_forward", "test": "wave"}


def send(message: Message, channel: Mapping[str, Any], environ: Mapping[str, str], seconds: float) -> None:
    """As `Channel.send` says."""
    text = message.body.encode()[:LONGEST].decode("utf-8", "ignore")
    fields: dict[str, Any] = {
        "topic": channel["topic"],
        "title": message.title,
        "message": text,
        "priority": message.priority,
        "tags": [_TAGS.get(message.edge, "warning")],
    }
    if channel.get("click"):
        fields["click"] = channel["click"]
    links = [{"label": label, "url": address} for label, address in message.links]
    buttons = [{"action": "view", **one} for one in (*links, *channel.get("actions", ()))][:MOST_BUTTONS]
    if buttons:
        fields["actions"] = buttons
    headers = {"Content-Type": "application/json"}
    if channel.get("token"):
        headers["Authorization"] = f"Bearer {channel['token']}"
    http.send(
        f"{(channel.get('url') or SERVER).rstrip('/')}/", dumps(fields).encode(), headers, environ, seconds
    )
