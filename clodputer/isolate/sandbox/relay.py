"""One connection to the proxy of a sandbox: the request read strictly, its host allowed or refused, and bytes passed on."""

from __future__ import annotations

import ipaddress
import re
import select
import socket
from contextlib import suppress
from time import monotonic
from typing import Callable, NamedTuple, Optional
from urllib.parse import urlsplit

from clodputer.model.isolate.sandbox import hosts
from clodputer.model.isolate.sandbox.hosts import Pattern

# In bytes: of the head of a request, and of what is passed on at a time.
LARGEST_HEAD, CHUNK = 64 * 1024, 64 * 1024
# In seconds: for a head to come, for a server to be reached, and for a client to hang up after its last answer.
HEAD, DIAL, LINGER = 30.0, 30.0, 2.0

_REQUEST = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]+) HTTP/1\.[01]")


class Way(NamedTuple):
    """allowed: the hosts that may be reached. upstream: (host, port) of the person's own proxy, None for none."""

    allowed: tuple[Pattern, ...]
    upstream: Optional[tuple[str, int]] = None


class Refused(Exception):
    """The host may not be reached; `host` says which and where."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(f"{host} may not be reached from this sandbox: {why}")
        self.host = host


def serve(client: socket.socket, way: Way, refused: Callable[[str], None]) -> None:
    """Serve one connection to its end. refused: called with each host that was. Never raises."""
    with client:
        try:
            client.settimeout(HEAD)
            head, rest = _head(client)
            method, target = _request(head)
            server = _connect(method, target, way)
        except Refused as error:
            refused(error.host)
            _say(client, 403, str(error))
            return
        except (OSError, ValueError) as error:
            _say(client, 502, str(error))
            return
        with server:
            try:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    server.sendall(_forwarded(head, target, through=way.upstream is not None))
                server.sendall(rest)
                _pass_on(client, server, plain=method != "CONNECT")
            except OSError:
                pass  # one of the two has hung up


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        some = client.recv(CHUNK)
        data += some
        if not some or len(data) > LARGEST_HEAD:
            raise ValueError("this is not an HTTP request")
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _request(head: bytes) -> tuple[str, str]:
    found = _REQUEST.fullmatch(head.partition(b"\r\n")[0])
    if not found:
        raise ValueError("this is not an HTTP request")
    return found[1].decode(), found[2].decode()


def place_of(method: str, target: str) -> tuple[str, int]:
    """The host and the port that a request is for. Raises ValueError."""
    if method == "CONNECT":
        host, port = hosts.split(target)
        if port is None:
            raise ValueError("CONNECT needs a port")
        return host, port
    parts = urlsplit(target)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError("a proxy is asked for http:// addresses, and by CONNECT for all others")
    return parts.hostname.lower(), parts.port or 80


def _connect(method: str, target: str, way: Way) -> socket.socket:
    host, port = place_of(method, target)
    named = f"{host}:{port}"
    pattern = hosts.find(way.allowed, host, port)
    if pattern is None:
        raise Refused(named, "the task's sandbox.network does not name it")
    if way.upstream is not None and not hosts.is_address(host) and host != "localhost":
        return _through(way.upstream, method, host, port)
    error: OSError = OSError(f"{named} cannot be reached")
    forbidden = False
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        found = ipaddress.ip_address(str(address[0]).partition("%")[0])
        found = getattr(found, "ipv4_mapped", None) or found
        here = found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast
        if not hosts.address_fits(pattern, here=here, everywhere=found.is_global):
            forbidden = True
            continue
        server = socket.socket(family, kind, protocol)
        try:
            server.settimeout(DIAL)
            server.connect(address)
            return server
        except OSError as failure:
            server.close()
            error = failure
    if forbidden:
        raise Refused(named, "its name leads into this machine or its network")
    raise error


def _through(upstream: tuple[str, int], method: str, host: str, port: int) -> socket.socket:
    server = socket.create_connection(upstream, DIAL)
    if method == "CONNECT":
        name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        server.sendall(f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n") and len(answer) < LARGEST_HEAD:
            some = server.recv(1)
            if not some:
                break
            answer += some
        if not re.match(rb"HTTP/1\.[01] 2\d\d", answer):
            server.close()
            raise OSError(f"the proxy {upstream[0]}:{upstream[1]} refuses {name}")
    return server


def _forwarded(head: bytes, target: str, *, through: bool) -> bytes:
    """The head as the server gets it: for its own host, and for this one request alone."""
    first, *lines = head.split(b"\r\n")
    parts = urlsplit(target)
    path = target if through else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    dropped = (b"host:", b"connection:", b"proxy-", b"keep-alive:")
    kept = [line for line in lines if not line.lower().startswith(dropped)]
    netloc = parts.netloc.rpartition("@")[2]
    start = first.partition(b" ")[0] + f" {path} HTTP/1.1".encode()
    return b"\r\n".join([start, f"Host: {netloc}".encode(), b"Connection: close", *kept]) + b"\r\n\r\n"


def _answered(data: bytes) -> tuple[bytes, bytes, bool]:
    """What of a server's answer is passed on now, what is waited for, and whether its head is over.

    The head says that the connection ends with this answer: a client that would send another request there would have it reset.
    """
    passed = b""
    while True:
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            # What is no head, or one without end, goes on as it is.
            far = len(data) > LARGEST_HEAD or not b"HTTP/1.".startswith(data[:7])
            return (passed + data, b"", True) if far else (passed, data, False)
        if re.match(rb"HTTP/1\.[01] 1(?!01)\d\d", head):
            passed, data = passed + head + end, rest  # "go on", before the answer itself
            continue
        if not re.match(rb"HTTP/1\.[01] (?!101)\d\d\d", head):
            return passed + data, b"", True
        dropped = (b"connection:", b"keep-alive:", b"proxy-connection:")
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(dropped)]
        return passed + b"\r\n".join([*kept, b"Connection: close"]) + end + rest, b"", True


def _pass_on(client: socket.socket, server: socket.socket, *, plain: bool) -> None:
    """Pass bytes on in both directions until each is over. plain: the server's answer is one of HTTP."""
    for each in (client, server):
        each.settimeout(None)
    peers = {client: server, server: client}
    waiting, over = b"", not plain
    while peers:
        for each in select.select(list(peers), [], [])[0]:
            try:
                data = each.recv(CHUNK)
            except OSError:
                data = b""
            ended = not data
            if each is server and not over:
                data, waiting, over = _answered(waiting + data)
                if ended:
                    data += waiting
            # Who does not listen any more may still speak: a server answers before it has read all, and hangs up.
            with suppress(OSError):
                peers[each].sendall(data)
            if ended:
                with suppress(OSError):
                    peers[each].shutdown(socket.SHUT_WR)
                del peers[each]
        if plain and server not in peers:
            break
    _hang_up(client)


def _hang_up(client: socket.socket) -> None:
    """End a connection after what was sent last: closed over bytes that nobody has read, it would be reset, and that lost."""
    give_up = monotonic() + LINGER
    with suppress(OSError):
        client.shutdown(socket.SHUT_WR)
        while (left := give_up - monotonic()) > 0:
            client.settimeout(left)
            if not client.recv(CHUNK):
                return


def _say(client: socket.socket, status: int, text: str) -> None:
    body = f"{text}\n".encode("utf-8", "replace")
    head = f"HTTP/1.1 {status} Refused\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with suppress(OSError):
        client.sendall(head.encode() + body)
        _hang_up(client)
