"""The proxy of a sandbox: a process beside the run that reaches the allowed hosts for it, and ends when its exec does."""

from __future__ import annotations

import array
import os
import select
import signal
import socket
import threading
from contextlib import suppress
from functools import partial
from time import monotonic, sleep
from typing import Callable, Union

from clodputer.isolate.sandbox.relay import Way, serve
from clodputer.store.processes import deadline

SOCKET, LOCK, REFUSED = "proxy.sock", "proxy.lock", "refused"
# Where it listens inside a sandbox; outside it may be any port.
PORT = 3128
# Connections at a time, sandboxes of one run (its checks have one each), and hosts that are written down.
MOST, MOST_LISTENERS, MOST_REFUSED = 256, 64, 200
# How long it gets to end, in seconds.
PATIENCE, _GLANCE = 2.0, 0.005

# By the folder of the sandbox, in the process that started it: its process id, and the pipe that it ends with.
_running: dict[str, tuple[int, int]] = {}


def start(box: str, way: Way, *, local: bool = False) -> int:
    """Start it for the sandbox with this folder; its port. Raises OSError.

    It listens at a socket in the folder, at which a sandbox hands out a port of its own; with `local`, where sandboxes have no
    network of their own, at a port of this machine.
    """
    if local:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", 0))
    else:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # By the folder's descriptor, for the path of a socket may have about a hundred characters.
        folder = os.open(box, os.O_RDONLY | os.O_DIRECTORY)
        listener.bind(f"/proc/self/fd/{folder}/{SOCKET}")
        os.close(folder)
    listener.listen(64)
    reader, writer = os.pipe()
    with listener:
        work = partial(_run, listener, reader, way, f"{box}/{REFUSED}", local=local)
        child = deadline.beside(work, f"{box}/{LOCK}", (listener.fileno(), reader))
        port = listener.getsockname()[1] if local else PORT
    os.close(reader)
    _running[box] = child, writer
    return int(port)


def stop(box: str) -> None:
    """End it. One that another process had started ended with that process. Never raises."""
    child, writer = _running.pop(box, (0, -1))
    if not child:
        return
    os.close(writer)
    give_up = monotonic() + PATIENCE
    while not deadline.is_over(child):
        if monotonic() > give_up:
            with suppress(OSError):
                os.kill(child, signal.SIGKILL)
            give_up += PATIENCE
        sleep(_GLANCE)


def refused(box: str) -> list[str]:
    """The hosts that were asked for and may not be reached, each once, in the order of their first time."""
    try:
        with open(f"{box}/{REFUSED}", encoding="utf-8", errors="replace") as file:
            return list(dict.fromkeys(file.read(1 << 20).split()))[:MOST_REFUSED]
    except OSError:
        return []


def _run(listener: socket.socket, reader: int, way: Way, path: str, *, local: bool) -> None:
    listeners = [listener] if local else []
    room = threading.BoundedSemaphore(MOST)
    told: list[str] = []

    def refuse(host: str) -> None:
        if host not in told and len(told) < MOST_REFUSED:
            told.append(host)
            with open(path, "a", encoding="utf-8") as file:
                file.write(f"{host}\n")

    while True:
        waiting: list[Union[socket.socket, int]] = [reader, *dict.fromkeys((listener, *listeners))]
        for ready in select.select(waiting, [], [])[0]:
            if isinstance(ready, int):
                return  # its other end is closed: the run is over, or its exec is dead
            if ready is listener and not local:
                with suppress(OSError):
                    _take(listener, listeners)
            else:
                _accept(ready, listeners, partial(_serve, way=way, refuse=refuse, room=room), room)


def _accept(
    listener: socket.socket,
    listeners: list[socket.socket],
    work: Callable[[socket.socket], None],
    room: threading.BoundedSemaphore,
) -> None:
    try:
        client, _ = listener.accept()
    except BlockingIOError:
        return
    except OSError:
        if listener in listeners:
            listeners.remove(listener)  # what a sandbox has handed out listens no longer
        return
    client.setblocking(True)
    if room.acquire(blocking=False):
        threading.Thread(target=work, args=(client,), daemon=True).start()
    else:
        client.close()


def _serve(
    client: socket.socket, way: Way, refuse: Callable[[str], None], room: threading.BoundedSemaphore
) -> None:
    try:
        serve(client, way, refuse)
    finally:
        room.release()


def _take(listener: socket.socket, listeners: list[socket.socket]) -> None:
    """Take the port that a sandbox hands out."""
    sandbox, _ = listener.accept()
    with sandbox:
        sandbox.settimeout(5)
        _, ancillary, _, _ = sandbox.recvmsg(1, socket.CMSG_SPACE(4))
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers = array.array("i")
                numbers.frombytes(data[:4])
                given = socket.socket(fileno=numbers[0])
                if len(listeners) < MOST_LISTENERS and given.getsockopt(
                    socket.SOL_SOCKET, socket.SO_ACCEPTCONN
                ):
                    given.setblocking(False)
                    listeners.append(given)
        sandbox.sendall(b"k")


def _close_in_child() -> None:
    # No other child keeps the pipe open, or the proxy would outlive us.
    for _, writer in _running.values():
        with suppress(OSError):
            os.close(writer)
    _running.clear()


os.register_at_fork(after_in_child=_close_in_child)
