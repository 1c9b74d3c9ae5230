"""The first program in a sandbox with a proxy: it opens the proxy's port in there, hands it out, and becomes the command.

Started as `python -I -S inside.py SOCKET PORT COMMAND ...`; the proxy outside accepts what comes to the port, so that nothing
of ours stays inside. It imports the standard library alone.
"""

from __future__ import annotations

import array
import os
import signal
import socket
import sys

REFUSED = 71  # EX_OSERR


def main(path: str, port: str, *command: str) -> None:
    """Never returns, unless the command cannot be started."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", int(port)))
    listener.listen(64)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as proxy:
        proxy.settimeout(10)
        proxy.connect(path)
        rights = array.array("i", [listener.fileno()])
        proxy.sendmsg([b"l"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        if proxy.recv(1) != b"k":
            raise OSError("the proxy did not take the port")
    listener.close()
    # Python ignores these two, and what it starts would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606  (an argument list)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as failure:
        sys.stderr.write(f"sandbox: {failure}\n")
        sys.exit(REFUSED)
