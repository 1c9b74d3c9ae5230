"""Proxies: by which a host is reached, as the environment says."""

from __future__ import annotations

from collections.abc import Mapping

SCHEMES = ("http", "https")


def of_host(environ: Mapping[str, str], host: str) -> dict[str, str]:
    """The proxies of the environment for a host: `http_proxy` and its like, unless `no_proxy` names it."""
    found = {}
    for scheme in SCHEMES:
        # In a CGI program HTTP_PROXY comes from a header of the request, so only its lower-case form counts, as in other
        # programs.
        value = environ.get(f"{scheme}_proxy") or (scheme == "https" and environ.get("HTTPS_PROXY"))
        if value:
            found[scheme] = value
    return {} if _passes_by(host, environ.get("no_proxy") or environ.get("NO_PROXY") or "") else found


def _passes_by(host: str, listed: str) -> bool:
    """Whether `no_proxy` names a host: itself, a domain above it, or everything."""
    names = [name.strip().lstrip(".").lower() for name in listed.split(",")]
    return any(name == "*" or host == name or host.endswith(f".{name}") for name in names if name)
