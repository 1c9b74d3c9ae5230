"""One HTTP request, with what a server may do wrong in mind: it is slow, redirects, refuses, or answers without end."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from time import time
from typing import Any, Optional
from urllib.parse import urlsplit

from clodputer import __version__
from clodputer.notify import Refused
from clodputer.store.computer import proxies
from clodputer.store.computer.proxies import SCHEMES

# In bytes: so much of an answer is read, to say why something was refused.
ANSWER = 300


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows none: what is sent, with its keys and secrets, is meant for the host that the person has named."""

    def redirect_request(self, *_: Any) -> None:
        """Say that there is nothing to follow, which makes an HTTPError of the answer."""


def send(
    url: str,
    data: Optional[bytes],
    headers: Mapping[str, str],
    environ: Mapping[str, str],
    seconds: float,
    most: int = ANSWER,
) -> bytes:
    """Send one request: POST with `data`, GET without; the answer, of which at most so many bytes are read.

    TLS is verified, proxies are those of `environ`.

    `seconds` bounds each step of it; the whole is bounded by whoever has started this process. Raises Refused, which names
    the host but not the address: that may be a secret.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme.lower() not in SCHEMES or not host:
        raise Refused("its address does not begin with http:// or https:// and a host")
    opener = urllib.request.build_opener(
        _NoRedirect, urllib.request.ProxyHandler(proxies.of_host(environ, host))
    )
    try:
        request = urllib.request.Request(url, data, {"User-Agent": f"clodputer/{__version__}", **headers})
        with opener.open(request, timeout=seconds) as answer:
            body: bytes = answer.read(most)
            return body
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(*_answered(host, error)) from None
    except (TimeoutError, socket.timeout):  # two classes before Python 3.10
        raise Refused(f"{host} does not answer in time") from None
    except urllib.error.URLError as error:
        raise Refused(f"{host}: {_why(error.reason)}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Refused(f"{host}: {_why(error)}") from None


def _why(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "it does not answer in time"
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def _answered(host: str, error: urllib.error.HTTPError) -> tuple[str, Optional[float]]:
    if 300 <= error.code < 400:
        there = urlsplit(error.headers.get("Location") or "").hostname or host
        return (
            f"{host} answers {error.code} and redirects to {there}, which is not followed; write the final address",
            None,
        )
    try:
        body = " ".join(error.read(ANSWER).decode("utf-8", "replace").split())
    except (OSError, HTTPException):
        body = ""
    said = "".join(letter if letter.isprintable() else "?" for letter in body)
    return f"{host} answers {error.code} {error.reason}{f': {said}' if said else ''}", _retry_after(error)


def _retry_after(error: urllib.error.HTTPError) -> Optional[float]:
    """Seconds, from a number or a date."""
    text = (error.headers.get("Retry-After") or "").strip()
    if text.isdecimal() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
