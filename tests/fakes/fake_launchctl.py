"""A launchd in a file: the states of its jobs, and launchctl's exit codes and words as they were observed on macOS 11 to 26.

It is called a thousand times, so it imports next to nothing.

FAKE_LAUNCHD names a folder with the file `state`. What a test may set in it: `version` of macOS; `session`: whether there is a
desktop one; `opaque`: so many bootstraps end with 5, or all of a label; `drain`: so many looks until a job is gone after
bootout, -1 for never;
`login_items`: labels a person has switched off; `fires`: whether jobs really start their program; `kill`: [call, "before" or
"after"], at which the caller is killed; `hang`: a verb that never ends. `calls` holds every argv.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import signal
import stat
import sys
import time

from tests.fakes import fake_launchd_jobs as jobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

START: dict[str, Any] = {
    "version": 15,
    "session": True,
    "opaque": 0,
    "drain": 0,
    "login_items": [],
    "fires": False,
    "kill": None,
    "hang": "",
    "jobs": {},
    "user_jobs": [],
    "overrides": {},
    "calls": [],
    "loads": [],
    "torn_down": False,
}
HELP = "Usage: launchctl bootout <domain-target> [service-path, service-path2, ...] | <service-target>"
WORDS = {
    3: "No such process",
    5: "Input/output error",
    17: "File exists",
    36: "Operation now in progress",
    37: "Operation already in progress",
    109: "Invalid property list",
    112: "Could not find specified domain",
    113: "Could not find specified service",
    119: "Service is disabled",
    122: "Path had bad ownership/permissions",
    125: "Domain does not support specified action",
}


class Ends(Exception):
    """launchctl ends with a status."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(status)
        self.status, self.text = status, text


def folder() -> str:
    """Where the state is."""
    return os.environ["FAKE_LAUNCHD"]


class state:  # noqa: N801 (contextlib.contextmanager would make a function of it, and takes as long to import as all else)
    """The state, locked, and written back whole."""

    def __enter__(self) -> dict[str, Any]:
        self._lock = open(f"{folder()}/lock", "a")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._path = f"{folder()}/state"
        self._held = dict(START)
        if os.path.exists(self._path):
            with open(self._path, "rb") as file:
                self._held.update(marshal.load(file))  # noqa: S302 (our own file)
        return self._held

    def __exit__(self, *_: object) -> None:
        with open(f"{self._path}.new", "wb") as file:
            marshal.dump(self._held, file)
        os.rename(f"{self._path}.new", self._path)
        self._lock.close()


def main(words: list[str]) -> int:
    """One call; the exit status."""
    with state() as now:
        now["calls"].append(words)
        number, kill, hang = len(now["calls"]), now["kill"], now["hang"]
    if kill == [number, "before"]:
        os.kill(os.getppid(), signal.SIGKILL)
        return 0
    if hang and words[:1] == [hang]:
        time.sleep(600)
    try:
        with state() as now:
            text = _perform(now, words)
        status = 0
        sys.stdout.write(text)
    except Ends as end:
        status = end.status
        sys.stderr.write(end.text)
    if kill == [number, "after"]:
        os.kill(os.getppid(), signal.SIGKILL)
    return status


def _perform(now: dict[str, Any], words: list[str]) -> str:
    verb, rest = (words or [""])[0], words[1:]
    if verb == "managername":
        return "Aqua\n" if now["session"] else "Background\n"
    if verb == "help":
        return HELP.replace("bootout", "bootout [--wait]") if now["version"] >= 26 else HELP
    if verb in ("enable", "disable"):
        now["overrides"][_label(rest[0])] = verb == "disable"
        return ""
    if verb in ("load", "unload"):
        now["torn_down"] = True  # they hide every failure: nobody may use them
        return ""
    if verb == "print-disabled":
        return _overrides(now)
    if verb == "bootstrap":
        return _bootstrap(now, *rest)
    if verb == "bootout":
        return _bootout(now, rest)
    if verb == "kickstart":
        return _kickstart(now, rest)
    if verb == "print":
        return _print(now, rest[0])
    raise Ends(64, f"Unrecognized subcommand: {verb}\n")


def _label(target: str) -> str:
    return target.split("/", 2)[2]


def _refuse(verb: str, status: int) -> Ends:
    hint = "Try re-running the command as root for richer errors.\n" if status == 5 else ""
    return Ends(status, f"{verb} failed: {status}: {WORDS.get(status, 'Unknown error')}\n{hint}")


def _overrides(now: dict[str, Any]) -> str:
    words = ("enabled", "disabled") if now["version"] >= 13 else ("false", "true")
    lines = [f'\t\t"{label}" => {words[off]}\n' for label, off in now["overrides"].items()]
    return "\n\tdisabled services = {\n" + "".join(lines) + "\t}\n"


def _bootstrap(now: dict[str, Any], domain: str, path: str) -> str:
    if not now["session"]:
        raise _refuse("Bootstrap", 125)
    if isinstance(now["opaque"], int) and now["opaque"]:
        now["opaque"] -= 1
        raise _refuse("Bootstrap", 5)
    if f"{now['opaque']}.plist" == os.path.basename(path):
        raise _refuse("Bootstrap", 5)
    if not os.path.isfile(path) or os.stat(path).st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _refuse("Bootstrap", 5)
    import plistlib

    with open(path, "rb") as file:
        keys = plistlib.load(file)
    label = keys["Label"]
    if now["overrides"].get(label):
        raise _refuse("Bootstrap", 119 if now["version"] < 26 else 5)
    if label in now["jobs"]:
        raise _refuse("Bootstrap", 5 if now["version"] >= 15 else 17 if now["version"] < 13 else 37)
    if now["version"] >= 13 and label in now["login_items"]:
        return ""
    now["jobs"][label] = {"keys": keys, "path": path, "pid": 0, "runs": 0, "last": None, "left": None}
    now["loads"].append(label)
    # Anything but a real <true/> is dropped without a word.
    if keys.get("RunAtLoad") is True:
        jobs.start(now, label)
    return ""


def _bootout(now: dict[str, Any], rest: list[str]) -> str:
    wait = "--wait" in rest
    if wait and now["version"] < 26:
        raise Ends(64, HELP)
    target = rest[-1]
    if target.count("/") < 2:
        now["torn_down"] = True
        return ""
    label = _label(target)
    if target.startswith("user/"):
        now["user_jobs"] = [one for one in now["user_jobs"] if one != label]
        return ""
    job = now["jobs"].get(label)
    if job is None or not now["session"]:
        raise _refuse("Boot-out", 3)
    if job["left"] is not None:
        raise _refuse("Boot-out", 36 if now["version"] < 26 else 37)
    job["left"] = now["drain"]
    if jobs.alive(job["pid"]):
        os.kill(job["pid"], signal.SIGTERM)
    elif not job["left"] or (wait and job["left"] > 0):
        del now["jobs"][label]
        return ""
    if now["version"] < 12:
        raise _refuse("Boot-out", 36)
    return ""


def _kickstart(now: dict[str, Any], rest: list[str]) -> str:
    label = _label(rest[-1])
    job = now["jobs"].get(label)
    if job is None:
        raise Ends(113, f'Could not find service "{label}" in domain for user gui: {os.getuid()}\n')
    if jobs.alive(job["pid"]):
        if "-p" in rest:
            return f"{job['pid']}\n"
        raise Ends(37)
    jobs.start(now, label)
    return ""


def _print(now: dict[str, Any], target: str) -> str:
    if target.startswith("gui/") and not now["session"]:
        raise Ends(125, "Domain does not support specified action\n")
    if target.count("/") == 1:
        return jobs.domain(now, target)
    label = _label(target)
    if target.startswith("user/") and label in now["user_jobs"]:
        return f"{target} = {{\n}}\n"
    job = now["jobs"].get(label) if target.startswith("gui/") else None
    if job is not None and job["left"] is not None and not jobs.alive(job["pid"]):
        job["left"] -= 1
        if job["left"] == -1:
            del now["jobs"][label]
            job = None
    if job is None:
        first = "Bad request.\n" if now["version"] >= 14 else ""
        raise Ends(113, f'{first}Could not find service "{label}" in domain for user gui: {os.getuid()}\n')
    return jobs.described(target, job)
