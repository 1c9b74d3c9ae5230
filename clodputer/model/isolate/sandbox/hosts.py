"""Which hosts a sandboxed run may reach: patterns as people write them, and the answer for one host, port and address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple, Optional

# Without a port in the pattern.
USUAL_PORTS = (80, 443)

_NAME = re.compile(
    r"(?:\*|(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*)"
)
_ADDRESS = re.compile(r"[0-9a-f]*(?::[0-9a-f]*){2,7}(?:[0-9.]+)?|\d{1,3}(?:\.\d{1,3}){3}")


class Pattern(NamedTuple):
    """A host that may be reached. port: None for the usual ones. exact: it names one host, without a wildcard."""

    host: str
    port: Optional[int]

    @property
    def exact(self) -> bool:
        """Whether no `*` is in it."""
        return "*" not in self.host


def split(text: str) -> tuple[str, Optional[int]]:
    """A host in small letters and its port, of `HOST`, `HOST:PORT` or `[ADDRESS]:PORT`. Raises ValueError."""
    text = text.strip().lower()
    bracketed = re.fullmatch(r"\[([0-9a-f:.]+)\](?::(\d{1,5}))?", text)
    if bracketed:
        host, port = bracketed[1], bracketed[2]
    elif text.count(":") > 1:
        host, port = text, None
    else:
        host, colon, port = text.partition(":")
        if colon and not re.fullmatch(r"\d{1,5}", port):
            raise ValueError("a port is a number")
    number = int(port) if port else None
    if number is not None and not 0 < number < 65536:
        raise ValueError("a port is a number from 1 to 65535")
    return host.rstrip("."), number


def pattern_fault(text: str) -> str:
    """What is wrong with a pattern, as a clause; empty when nothing is."""
    if text.strip().endswith("*."):
        return "this is not the name of a host"
    if "/" in text:
        return "write the host alone, without a scheme or a path"
    try:
        host, _ = split(text)
    except ValueError as error:
        return str(error)
    if is_address(host) or (_NAME.fullmatch(host) and len(host) < 254):
        return ""
    return (
        "`*` stands at the beginning only, before a dot" if "*" in host else "this is not the name of a host"
    )


def patterns(texts: Iterable[str]) -> tuple[Pattern, ...]:
    """Patterns whose form was checked."""
    return tuple(Pattern(*split(text)) for text in texts)


def is_address(host: str) -> bool:
    """Whether it is an IP address and no name."""
    return bool(_ADDRESS.fullmatch(host))


def find(allowed: Iterable[Pattern], host: str, port: int) -> Optional[Pattern]:
    """The pattern that lets a host be reached at a port, exact ones first; None when none does."""
    host = host.lower().rstrip(".")
    fitting = [
        pattern
        for pattern in allowed
        if _fits(pattern.host, host)
        and (port == pattern.port or (pattern.port is None and port in USUAL_PORTS))
    ]
    return min(fitting, key=lambda pattern: not pattern.exact, default=None)


def _fits(pattern: str, host: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1 and not is_address(host)
    return host == pattern


def address_fits(pattern: Pattern, *, here: bool, everywhere: bool) -> bool:
    """Whether what a name stands for may be reached: nobody's DNS may lead a run to the machine itself or into its network.

    here: the address is of this machine or of its link (loopback, link-local). everywhere: it is one of the whole Internet.
    """
    if here:
        return pattern.exact and (is_address(pattern.host) or pattern.host == "localhost")
    return everywhere or pattern.exact
