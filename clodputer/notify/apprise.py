"""The channel `apprise`: any of the services that the package apprise knows; it is the extra `apprise` of ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from clodputer.notify import Message, Refused

FOR_PEOPLE = True
# In seconds, for each of its services: apprise has no limit for all of them together, our child process has.
_EACH = 4
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY")


def send(message: Message, channel: Mapping[str, Any], environ: Mapping[str, str], seconds: float) -> None:
    """As `Channel.send` says."""
    try:
        apprise = import_module("apprise")  # a quarter of a second; only in this child
    except ImportError:
        raise Refused(
            f"the package apprise is not installed; add it: {sys.executable} -m pip install apprise"
        ) from None
    os.environ.update({name: environ[name] for name in _PROXIES if name in environ})
    services = apprise.Apprise()
    for number, url in enumerate(channel["urls"], 1):
        service = apprise.Apprise.instantiate(_limited(url, seconds), suppress_exceptions=True)
        if service is None:
            raise Refused(f"apprise does not know the service of address number {number}")
        services.add(service)
    with apprise.LogCapture(level=apprise.logging.WARNING) as log:
        if not services.notify(title=message.title, body=message.body):
            raise Refused(" ".join(log.getvalue().split())[-300:] or "apprise could not deliver it")


def _limited(url: str, seconds: float) -> str:
    if "cto=" in url or "rto=" in url:
        return url
    each = int(max(1, min(_EACH, seconds / 2)))
    return f"{url}{'&' if '?' in url else '?'}cto={each}&rto={each}"
