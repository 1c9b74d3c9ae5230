"""One HTTP/1.1 request read from bytes, strictly: what is not plainly a request with a known length is refused.

Written by hand, since the handler of one connection starts again for each request: the standard library's server takes requests
that it should refuse (two lengths, a NUL in a header, a body that is too short), and a library costs another interpreter start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Optional

# In bytes. GitHub sends up to 25 MB, but what is larger than a megabyte is not worth a prompt; and a dropped file, which holds
# the body and a little more, may have 1 MiB.
LARGEST_HEAD = 16 * 1024
LARGEST_BODY = 1000 * 1000

REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}

# RFC 9110, section 5.6.2 (tokens) and 5.5 (values of fields).
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(rb"/[\x21-\x7e]*")
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
_LENGTH = re.compile(rb"[0-9]{1,12}")


class Refused(Exception):
    """A request that is answered with an error. status: of HTTP; message: for the sender and our log, without secrets.

    headers: of the answer.

    """

    def __init__(self, status: int, message: str, headers: Optional[Mapping[str, str]] = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class Head(NamedTuple):
    """The head of a request. path: without the query; headers: by their names in lower case; length: of the body, in bytes.

    expects: the sender waits for `100 Continue` before it sends the body. repeated: headers that came more than once.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    length: int
    expects: bool
    repeated: frozenset[str] = frozenset()


def head(received: bytes) -> Optional[tuple[Head, bytes]]:
    """The head of what was received so far, and what follows it; None while its end is not there. Raises Refused."""
    end = received.find(b"\r\n\r\n")
    if end > LARGEST_HEAD or (end < 0 and len(received) > LARGEST_HEAD):
        raise Refused(431, f"the head of a request may have {LARGEST_HEAD:,} bytes")
    if end < 0:
        if received and not received[:1].isalpha():
            raise Refused(400, "this is not HTTP")
        return None
    first, *lines = received[:end].split(b"\r\n")
    method, path, query, minor = _request_line(first)
    headers, repeated = _headers(lines)
    if minor and "host" not in headers:
        raise Refused(400, "there is no Host")
    length, expects = _body(method, headers)
    # One who speaks HTTP/1.0 would take `100 Continue` for the answer (RFC 9110, section 10.1.1).
    return Head(method, path, query, headers, length, expects and minor > 0, repeated), received[end + 4 :]


def _request_line(line: bytes) -> tuple[str, str, str, int]:
    parts = line.split(b" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]):
        raise Refused(400, "the first line is not that of an HTTP request")
    version = _VERSION.fullmatch(parts[2])
    if version is None:
        raise Refused(400, "the first line is not that of an HTTP request")
    if version[1] != b"1":
        raise Refused(505, "only HTTP/1.1 and HTTP/1.0 are supported")
    if not _TARGET.fullmatch(parts[1]):
        raise Refused(400, "the address of the request is not a path")
    path, _, query = parts[1].decode("ascii").partition("?")
    return parts[0].decode("ascii"), path, query, int(version[2])


def _headers(lines: list[bytes]) -> tuple[dict[str, str], frozenset[str]]:
    """The fields by name in lower case; of a repeated one, all values in order, as RFC 9110 has them joined. And which are."""
    found: dict[str, str] = {}
    repeated: set[str] = set()
    for line in lines:
        name, colon, value = line.partition(b":")
        # Also refuses a line that begins with a space, which once continued the line before.
        if not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Refused(400, "a header is not valid")
        key, text = name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")
        if key in found and key in ("host", "content-length", "transfer-encoding", "content-type"):
            raise Refused(400, f"there is more than one {key}")
        repeated.update({key} & found.keys())
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found, frozenset(repeated)


def _body(method: str, headers: Mapping[str, str]) -> tuple[int, bool]:
    if "transfer-encoding" in headers:
        raise Refused(411, "only a body with a Content-Length is taken")
    given = headers.get("content-length")
    if given is None:
        if method == "POST":
            raise Refused(411, "there is no Content-Length")
        return 0, False
    if not _LENGTH.fullmatch(given.encode("latin-1")):
        raise Refused(400, "Content-Length is not a number")
    if int(given) > LARGEST_BODY:
        raise Refused(413, f"a body may have {LARGEST_BODY:,} bytes")
    return int(given), headers.get("expect", "").lower() == "100-continue"


def answer(
    status: int,
    text: str,
    headers: Optional[Mapping[str, str]] = None,
    kind: str = "text/plain; charset=utf-8",
    *,
    bodiless: bool = False,
) -> bytes:
    """An answer as bytes; the connection ends with it. bodiless: for HEAD, whose answer has the length but not the text."""
    body = text.encode()
    fields = {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        **(headers or {}),
    }
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (b"" if bodiless else body)
