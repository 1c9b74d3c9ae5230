"""The profile of `sandbox-exec` (macOS) for a plan: what may be read and written, and the one port that may be reached.

It has no name spaces: nothing is private but by what is forbidden, and the sweep ends what a run leaves, as without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from clodputer.model.isolate.sandbox.plan import HIDE, WRITE, Mount

# Of the system, beside what the plan has: what every program of macOS reads when it starts.
_SYSTEM = ("/System", "/Library", "/private/etc", "/private/var/db", "/usr", "/bin", "/sbin", "/opt", "/dev")


def quoted(path: str) -> str:
    """A path as a string of the profile's language."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unmoved(mounts: Iterable[Mount]) -> tuple[Mount, ...]:
    """The mounts as they can be without name spaces: what would be put elsewhere stays in its place, and is opened there."""
    return tuple(
        mount if mount.kind == HIDE or mount.path == mount.source else mount._replace(path=mount.source)
        for mount in mounts
    )


def profile(mounts: Iterable[Mount], *, port: Optional[int], loopback: bool) -> str:
    """The text of a profile; in it the last rule that fits an operation counts. port: of the proxy, on the machine itself."""
    lines = [
        "(version 1)",
        "(deny default)",
        "(allow process-fork)",
        "(allow process-exec)",
        "(allow signal (target same-sandbox))",
        "(allow process-info* (target same-sandbox))",
        "(allow sysctl-read)",
        "(allow mach-lookup)",
        "(allow ipc-posix-shm)",
        "(allow pseudo-tty)",
        '(allow file-ioctl (subpath "/dev"))',
        "(allow file-read-metadata)",
        '(allow file-read* (literal "/"))',
        *(f"(allow file-read* (subpath {quoted(path)}))" for path in _SYSTEM),
        '(allow file-write* (literal "/dev/null") (literal "/dev/tty"))',
    ]
    for mount in mounts:
        where = f"({'subpath' if mount.folder else 'literal'} {quoted(mount.path)})"
        if mount.kind == HIDE:
            lines.append(f"(deny file-read* file-write* {where})")
        elif mount.kind == WRITE:
            lines.append(f"(allow file-read* file-write* {where})")
        else:
            lines += [f"(allow file-read* {where})", f"(deny file-write* {where})"]
    lines.append("(deny network*)")
    if loopback:
        lines += [
            '(allow network* (local ip "localhost:*"))',
            '(allow network-outbound (remote ip "localhost:*"))',
        ]
    elif port is not None:
        lines.append(f'(allow network-outbound (remote ip "localhost:{port}"))')
    return "\n".join(lines) + "\n"


def prefix(sandbox_exec: str, text: str) -> tuple[str, ...]:
    """What comes before the command of a run."""
    return (sandbox_exec, "-p", text, "--")
