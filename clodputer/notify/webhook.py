"""The channel `webhook`: a JSON object by HTTP POST, signed when there is a secret."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from json import dumps
from typing import Any

from clodputer.notify import Message, http

FOR_PEOPLE = False
SIGNATURE = "X-Clodputer-Signature"


def send(message: Message, channel: Mapping[str, Any], environ: Mapping[str, str], seconds: float) -> None:
    """As `Channel.send` says."""
    body = dumps(message.to_json()).encode()
    headers = {"Content-Type": "application/json", "X-Clodputer-Id": message.id, **channel.get("headers", {})}
    if channel.get("secret"):
        headers[SIGNATURE] = f"sha256={hmac.new(channel['secret'].encode(), body, 'sha256').hexdigest()}"
    http.send(channel["url"], body, headers, environ, seconds)
