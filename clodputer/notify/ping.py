"""Pings: each start and end of a run to a dead man's switch (healthchecks.io/docs/http_api); a letter of its own kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from clodputer.notify import http


def send(url: str, ping: Mapping[str, Any], environ: Mapping[str, str], seconds: float) -> None:
    """Send one. `ping`: `path`, such as `/start`; `rid`, which ties a start to its end; `body`. Raises Refused."""
    body = str(ping.get("body") or "").encode()
    http.send(
        address(url, str(ping["path"]), str(ping["rid"])),
        body,
        {"Content-Type": "text/plain"},
        environ,
        seconds,
    )


def address(url: str, path: str, rid: str) -> str:
    """The address of one ping; a query that the address has stays."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode({"rid": rid}))))
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + path, query, ""))
