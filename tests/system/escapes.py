"""Ways out of a sandbox, tried from inside: a program that prints, as JSON, what came of each; true means that it got out.

Started as `python escapes.py FACTS`, FACTS being a file of JSON in its working directory.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import termios
from typing import Any, Callable

LIBC = ctypes.CDLL(None, use_errno=True)
READ, BUFFER = 11, ctypes.create_string_buffer(64)
NUMBERS = {"x86_64": 250, "aarch64": 219}
PTRACE_ATTACH, MS_BIND, MS_REMOUNT, NEWUSER, NEWNS = 16, 4096, 32, 0x10000000, 0x20000


def write(path: str) -> bool:
    """Whether a file can be written, or made."""
    with open(path, "a", encoding="utf-8") as file:
        file.write("out\n")
    return True


def opened(path: str) -> bool:
    """Whether a file can be opened to be written to, without a change of what it holds."""
    os.close(os.open(path, os.O_WRONLY))
    return True


def read(path: str) -> bool:
    """Whether something can be read there."""
    with open(path, "rb") as file:
        return bool(file.read(1))


def listed(path: str) -> bool:
    """Whether a folder shows anything."""
    return bool(os.listdir(path))


def connect(family: int, address: Any, kind: int = socket.SOCK_STREAM) -> bool:
    """Whether something answers there."""
    with socket.socket(family, kind) as client:
        client.settimeout(2)
        client.connect(address)
    return True


def started(*argv: str) -> bool:
    """Whether a program of the system does what it is asked for."""
    return (
        subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
        ).returncode
        == 0
    )


def called(*arguments: Any) -> bool:
    """Whether a call of the C library succeeds."""
    name, *rest = arguments
    return int(getattr(LIBC, name)(*rest)) == 0


def moved(path: str) -> bool:
    """Whether something can be moved away, and put something else in its place."""
    os.rename(path, f"{path}.away")
    return True


def signalled(pid: int) -> bool:
    """Whether a signal reaches a process outside."""
    os.kill(pid, signal.SIGCONT)
    return True


def linked(facts: dict[str, Any]) -> bool:
    """Whether a hard link leads out."""
    os.link(facts["secret"], "hard")
    return read("hard")


def followed(facts: dict[str, Any]) -> bool:
    """Whether a symbolic link leads out."""
    os.symlink(facts["secret"], "soft")
    return read("soft")


def swapped(facts: dict[str, Any]) -> bool:
    """Whether the hooks of the repository can be swapped for a link to what the run has written."""
    os.rename(".git/hooks", ".git/hooks.away")
    os.symlink(os.path.abspath("."), ".git/hooks")
    return True


def typed() -> bool:
    """Whether something can be typed into the terminal that it was started from."""
    terminal = os.open("/dev/tty", os.O_RDWR)
    fcntl.ioctl(terminal, termios.TIOCSTI, b"x")
    return True


def device() -> bool:
    """Whether a disk can be reached by a device that it makes itself."""
    os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))
    return read("disk")


def set_uid() -> bool:
    """Whether a set-uid program would gain anything."""
    with open("/proc/self/status", encoding="ascii") as file:
        return "NoNewPrivs:\t1" not in file.read()


def other_user() -> bool:
    """Whether it can become somebody else."""
    os.setuid(os.getuid() + 1)
    return True


def open_files() -> bool:
    """Whether it was given more than the three standard files."""
    return any(
        int(name) > 2 and os.path.exists(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")
    )


def keyctl(*arguments: Any) -> int:
    """The system call, negative when it fails, or where its number is not known."""
    number = NUMBERS.get(os.uname().machine)
    return -1 if number is None else int(LIBC.syscall(number, *arguments))


def ways(facts: dict[str, Any]) -> dict[str, Callable[[], bool]]:
    """Every way out, by its name."""
    pid, home, person = facts["pid"], facts["home"], facts["person"]
    return {
        "write outside": lambda: write(f"{facts['outside']}/written"),
        "write the system": lambda: write("/usr/written"),
        "write the root": lambda: write("/written"),
        "read ~/.ssh": lambda: read(f"{person}/.ssh/id_rsa"),
        "read root's home": lambda: listed("/root") and os.path.exists("/root/.bashrc"),
        "read another home": lambda: read(facts["secret"]),
        "read secrets.env": lambda: read(f"{home}/secrets.env"),
        "read the spool": lambda: listed(f"{home}/spool"),
        "drop a request": lambda: write(f"{home}/spool/new/escaped"),
        "read /etc/shadow": lambda: read("/etc/shadow"),
        "read what is denied": lambda: read(".env"),
        "connect to this machine": lambda: connect(socket.AF_INET, ("127.0.0.1", facts["port"])),
        "connect to the Internet": lambda: connect(socket.AF_INET, ("1.1.1.1", 53), socket.SOCK_DGRAM),
        "an abstract socket": lambda: connect(socket.AF_UNIX, f"\0{facts['abstract']}"),
        "a socket in a folder": lambda: connect(socket.AF_UNIX, facts["socket"]),
        "the system bus": lambda: connect(socket.AF_UNIX, "/run/dbus/system_bus_socket"),
        "the user's manager": lambda: connect(socket.AF_UNIX, f"/run/user/{os.getuid()}/systemd/private"),
        "docker": lambda: connect(socket.AF_UNIX, "/var/run/docker.sock"),
        "ptrace": lambda: called("ptrace", PTRACE_ATTACH, pid, 0, 0),
        "/proc/PID/root": lambda: listed(f"/proc/{pid}/root"),
        "/proc/1/root": lambda: os.path.exists(f"/proc/1/root{facts['secret']}"),
        "a signal": lambda: signalled(pid),
        "a hard link": lambda: linked(facts),
        "a symbolic link": lambda: followed(facts),
        "hooks swapped": lambda: swapped(facts),
        "TIOCSTI": typed,
        "a bind mount": lambda: called("mount", b"/", b"/run", None, MS_BIND, None),
        "a remount": lambda: called("mount", None, b"/usr", None, MS_REMOUNT | MS_BIND, None),
        "a user name space": lambda: called("unshare", NEWUSER | NEWNS),
        "a set-uid program": set_uid,
        "another user": other_user,
        "a device": device,
        "memory": lambda: read("/dev/mem") or read("/dev/kmsg"),
        "settings of the kernel": lambda: opened("/proc/sys/kernel/core_pattern"),
        "a key of the session": lambda: (
            bool(facts["key"]) and keyctl(READ, facts["key"], BUFFER, len(BUFFER)) >= 0
        ),
        "open files": open_files,
        "crontab": lambda: started("crontab", "-l") or write("/var/spool/cron/crontabs/escaped"),
        "at": lambda: started("atq") or write("/var/spool/cron/atjobs/escaped"),
        "systemd-run": lambda: started("systemd-run", "--user", "true") or started("systemd-run", "true"),
        "settings of agents": lambda: write(".claude/settings.json"),
        "settings moved away": lambda: moved(".claude"),
        "a hook of the checkout": lambda: write(".git/hooks/post-checkout"),
        "configuration of the checkout": lambda: write(".git/config"),
        "the repository moved away": lambda: moved(".git"),
    }


def main(path: str) -> None:
    """Try all of it."""
    with open(path, encoding="utf-8") as file:
        facts = json.load(file)
    found: dict[str, Any] = {}
    for name, way in ways(facts).items():
        try:
            found[name] = way()
        except (OSError, subprocess.SubprocessError):
            found[name] = False
    with open("work", "w", encoding="utf-8") as file:
        file.write("done\n")
    print(json.dumps({"ways": found, "files": os.listdir(".")}))


if __name__ == "__main__":
    main(sys.argv[1])
