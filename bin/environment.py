"""Make or refresh the virtual environment of a checkout; may be started twice at once and killed at any point.

Usage: environment.py CHECKOUT VENV EXTRA. Uses only the standard library, as nothing else is installed yet.

A kernel lock keeps a second caller waiting, and is gone when its holder dies. `VENV/ready` (and `VENV/ready-dev`)
is written last: it names the checkout and has the time stamp of the pyproject.toml that was installed.
"""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import subprocess
import sys


def main(checkout: str, venv: str, extra: str) -> int:
    """Return 0 once `venv` is ready for `checkout` with `extra`, 1 when it could not be made."""
    try:
        lock = os.open(venv + ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        say(f"cannot write to {checkout} ({error.strerror}); install Clodputer with pip or pipx instead")
        return 1
    wait_for(lock, venv)
    marker = marker_path(venv, extra)
    if is_ready(marker, checkout, venv):
        return 0  # somebody else made it while we waited
    with open(venv + ".log", "w", encoding="utf-8") as log:
        made = make(checkout, venv, extra, log.fileno(), lock)
    if made:
        return 0
    with open(venv + ".log", encoding="utf-8", errors="replace") as log:
        sys.stderr.write(log.read())
    say(f"could not make {venv}: see above, and in {venv}.log")
    return 1


def wait_for(lock: int, venv: str) -> None:
    """Take the lock, with a word to the user when that means waiting."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"another process is making {os.path.basename(venv)}, waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def marker_path(venv: str, extra: str) -> str:
    """Return the name of the file that says that `venv` is complete with `extra`."""
    return os.path.join(venv, f"ready-{extra}" if extra else "ready")


def is_ready(marker: str, checkout: str, venv: str) -> bool:
    """Return whether `venv` is complete, was made here, has a living Python, and is not older than pyproject.toml."""
    if not made_here(marker, checkout) or not os.access(os.path.join(venv, "bin", "python"), os.X_OK):
        return False
    return os.stat(marker).st_mtime_ns >= os.stat(os.path.join(checkout, "pyproject.toml")).st_mtime_ns


def made_here(marker: str, checkout: str) -> bool:
    """Return whether `marker` exists and names `checkout` (an environment cannot be moved or copied)."""
    try:
        with open(marker, encoding="utf-8") as file:
            return file.read().strip() == checkout
    except OSError:
        return False


def make(checkout: str, venv: str, extra: str, log: int, lock: int) -> bool:
    """Make `venv`, or install into the one that is there, and return whether that worked."""
    project_time = os.stat(os.path.join(checkout, "pyproject.toml")).st_mtime_ns
    uv = shutil.which("uv")
    python = os.path.join(venv, "bin", "python")
    markers = glob.glob(os.path.join(glob.escape(venv), "ready*"))
    keep = any(made_here(marker, checkout) for marker in markers) and os.access(python, os.X_OK)
    if not uv and not os.path.exists(os.path.join(venv, "bin", "pip")):
        keep = False  # uv made it without pip, and uv is gone
    for marker in markers:
        os.unlink(marker)

    name = os.path.basename(venv)
    say(
        f"refreshing {name} for the new pyproject.toml"
        if keep
        else f"making {name}, this once (about half a minute)"
    )
    if uv:
        create = [uv, "venv", "--python", sys.executable, venv]
        install = [uv, "pip", "install", "--python", python]
    else:
        create = [sys.executable, "-I", "-m", "venv", venv]
        install = [python, "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    install += ["--editable", f"{checkout}[{extra}]" if extra else checkout]
    if not keep:
        shutil.rmtree(venv, ignore_errors=True)
    for command in [install] if keep else [create, install]:
        # Children hold the lock too: when we are killed, nobody starts while our pip is still writing.
        child = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[lock], check=False
        )
        if child.returncode != 0:
            return False
    for done in {marker_path(venv, ""), marker_path(venv, extra)}:
        write_marker(done, checkout, project_time)
    return True


def write_marker(marker: str, checkout: str, project_time: int) -> None:
    """Write `marker` in one step, with the time stamp of the pyproject.toml that was installed."""
    with open(marker + ".new", "w", encoding="utf-8") as file:
        file.write(checkout + "\n")
    os.utime(marker + ".new", ns=(project_time, project_time))
    os.replace(marker + ".new", marker)


def say(message: str) -> None:
    """Write one line to stderr, which is where a caller of bin/clodputer expects what is not the answer."""
    print(f"clodputer: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:4]))
    except KeyboardInterrupt:
        sys.exit(130)
