"""Loading and unloading launchd units, step by step, so that it may be killed anywhere and done again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from subprocess import CompletedProcess
from time import monotonic, sleep
from typing import Callable, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.launchd import launchctl, plist
from clodputer.schedulers.launchd.inspect import is_plain, read
from clodputer.schedulers.launchd.plist import fingerprint
from clodputer.schedulers.unit import REMOVE, SPOOL, Change, Frame, SchedulerProblem, Unit
from clodputer.store.files import atomic
from clodputer.store.home import Home, exists
from clodputer.store.lock import Lock
from clodputer.store.spool import slot

# launchd answers before the old process is gone, and refuses the new job until it is.
PAUSES = (0.3, 1.0, 2.0, 4.0, 8.0)
GLANCE = 0.1
# The draining of a job takes up to its ExitTimeOut, and this many calls' time is longer than that.
PATIENCE = 3


class _AtLogin(ClodputerError):
    """The file is right, and there is no session to load it into."""


def apply(frame: Frame, changes: Sequence[Change], done: Callable[[Change], None]) -> list[SchedulerProblem]:
    """Perform the changes; one that fails does not stop the others."""
    refused = launchctl.refusal()
    if not changes or refused is not None:
        return [] if refused is None or not changes else [_problem(refused, "")]
    problems = []
    held = False
    for change in changes:
        held = held or change.found is not None
        try:
            if change.verb == REMOVE:
                _remove(frame, change)
            elif change.unit is not None:
                _put(frame, change.unit)
        except _AtLogin as later:
            problems.append(_problem(later, change.name)._replace(fatal=False))
        except (ClodputerError, OSError) as error:
            problems.append(_problem(error, change.name))
            continue
        done(change)
    if held:
        # An exec that found a slot held by us left its work to us. We run nothing ourselves, so an exec is started now.
        start(frame)
    return problems


def start(frame: Frame) -> None:
    """Have the spool's unit started now; it stays as it is when it is at work."""
    label = plist.label(frame, SPOOL)
    try:
        launchctl.call(frame, "kickstart", launchctl.target(label))
    except ClodputerError:
        return  # then the sweep is the next to look


def _problem(error: Exception, name: str) -> SchedulerProblem:
    if isinstance(error, ClodputerError):
        return SchedulerProblem(
            error.code, f"{name}: {error.message}" if name else error.message, error.hint, name
        )
    return SchedulerProblem(
        "cannot_write", f"{name}: {error}", "Check the permissions of the folder, and the free space.", name
    )


def _remove(frame: Frame, change: Change) -> None:
    path = f"{plist.folder(frame)}/{change.name}.plist"
    unload(frame, change.name, change.found.home if change.found is not None else "")
    # Nothing is left behind: an override outlives its file. The file goes last, for by it a later try finds the rest.
    launchctl.call(frame, "enable", launchctl.target(change.name))
    if os.path.lexists(path) and read(path) is not None:
        os.unlink(path)


def _put(frame: Frame, unit: Unit) -> None:
    ((path, text),) = unit.files.items()
    there = read(path)
    if there is None and os.path.lexists(path):
        raise ClodputerError(
            "not_ours",
            f"{path} exists already, and was not written by Clodputer",
            "Move it away if you do not need it, then install again.",
        )
    right = there is not None and there.text == text and is_plain(path)
    own = fingerprint(text)
    job = launchctl.loaded(frame, unit.name)
    if job is not None and not (right and job.fingerprint == own):
        unload(frame, unit.name)
    if not right:
        _write(frame, path, text)
    ended = launchctl.call(frame, "enable", launchctl.target(unit.name))
    if ended.returncode in launchctl.NO_SESSION:
        raise _at_login(ended)
    if ended.returncode:
        raise launchctl.failure(("enable", launchctl.target(unit.name)), ended)
    if job is None or job.fingerprint != own or not right:
        load(frame, unit.name, path, own)


def _write(frame: Frame, path: str, text: str) -> None:
    os.makedirs(plist.folder(frame), mode=0o755, exist_ok=True)
    os.makedirs(plist.logs(frame), mode=0o700, exist_ok=True)
    # The temporary name does not end in .plist: all that do are loaded at the next login.
    atomic.write(path, text.encode("utf-8"), mode=0o644)
    os.chmod(path, 0o644)


def load(frame: Frame, label: str, path: str, fingerprint: str) -> None:
    """Bootstrap a job from its file and see that launchd has it. Raises ClodputerError."""
    words = ("bootstrap", launchctl.domain(), path)
    deadline = monotonic() + frame.seconds
    for pause in (*PAUSES, None):
        ended = launchctl.call(frame, *words)
        if ended.returncode in launchctl.NO_SESSION:
            raise _at_login(ended)
        job = launchctl.loaded(frame, label)
        if job is not None and job.fingerprint in (fingerprint, ""):
            return
        if ended.returncode not in (0, *launchctl.UNCLEAR) or pause is None or monotonic() + pause > deadline:
            raise _not_loaded(frame, label, ended, words)
        sleep(pause)


def _not_loaded(
    frame: Frame, label: str, ended: CompletedProcess[bytes], words: Sequence[str]
) -> ClodputerError:
    """Why, as far as it can be seen from outside."""
    if label in launchctl.disabled(frame):
        return ClodputerError(
            "launchd_disabled",
            "launchd has it disabled, and enabling it did not help",
            f"Try: launchctl enable {launchctl.target(label)}",
        )
    if ended.returncode == 0 or ended.returncode == 161:
        return ClodputerError(
            "launchd_dropped",
            "launchd accepted the job but does not list it, and no command can say why",
            "See in System Settings, General, Login Items, Allow in the Background whether clodputer is "
            f"switched off; switch it on and install again. Otherwise: {launchctl.LOG}",
        )
    return launchctl.failure(words, ended)


def _at_login(ended: CompletedProcess[bytes]) -> _AtLogin:
    return _AtLogin(
        "loads_at_login",
        "there is no desktop session to load it into; the file is in place "
        f"(launchctl ended with {ended.returncode})",
        "It is loaded when you next log in at the screen.",
    )


def unload(frame: Frame, label: str, home: str = "") -> None:
    """Have launchd let go of a job and wait until it has; one that is at work on a run is left alone.

    home: whose runs the job does, if not this one's. Raises ClodputerError.
    """
    if launchctl.loaded(frame, label) is None:
        return
    if os.environ.get("XPC_SERVICE_NAME") == label:
        raise ClodputerError(
            "own_job",
            "this command runs in that job itself, which would be killed",
            "Run the same command in a terminal.",
        )
    rest = _wait_for_rest(frame, label, home or frame.home)
    try:
        bootout(frame, label)
    finally:
        rest.release()


def _wait_for_rest(frame: Frame, label: str, home: str) -> Rest:
    deadline = monotonic() + frame.seconds
    while True:
        rest = at_rest(frame, label, home)
        if rest is not None:
            return rest
        if monotonic() > deadline:
            raise ClodputerError(
                "run_going",
                "a run is going on in this job, and is not killed for a change",
                "Install again afterwards; until then the job stays as it is.",
            )
        sleep(GLANCE)


def bootout(frame: Frame, label: str) -> None:
    """Have launchd let go of a job, whatever it does, and wait until it has. Raises ClodputerError."""
    words = ("bootout", *_wait_option(frame), launchctl.target(label))
    failed: Optional[CompletedProcess[bytes]] = None
    try:
        ended = launchctl.call(frame, *words)
        failed = None if ended.returncode in (0, *launchctl.GONE, *launchctl.UNCLEAR) else ended
    except ClodputerError as error:
        if error.code != "launchctl_hangs":  # --wait may wait forever, by its own help
            raise
    deadline = monotonic() + PATIENCE * frame.seconds
    while launchctl.loaded(frame, label) is not None:
        if failed is not None:
            raise launchctl.failure(words, failed)
        if monotonic() > deadline:
            raise ClodputerError(
                "still_draining",
                "launchd was asked to remove the job, and its process is still there",
                "Install again in some minutes.",
            )
        sleep(GLANCE)


def _wait_option(frame: Frame) -> tuple[str, ...]:
    ended = launchctl.call(frame, "help", "bootout")
    return ("--wait",) if b"--wait" in ended.stdout + ended.stderr else ()


class Rest:
    """The slots of all lanes, held by us as far as they were free, so that no run begins while a job is stopped."""

    def __init__(self, home: Home) -> None:
        self.complete = True
        self._held: list[Lock] = []
        for each in slot.everywhere(home) if exists(home) else ():
            lock = slot.lock(home, each)
            try:
                free = lock.acquire()
            except OSError:
                self.release()
                raise
            if free:
                self._held.append(lock)
            else:
                self.complete = False

    def release(self) -> None:
        """Let runs begin again."""
        for lock in self._held:
            lock.release()


def at_rest(frame: Frame, label: str, home: str) -> Optional[Rest]:
    """Keep runs from beginning while this job is stopped; None when it may be at work on one. Raises ClodputerError.

    A job without a process is at no run, even if slots are held. One with a process may be, unless all of them are free.
    """
    rest = Rest(Home(home))
    if rest.complete:
        return rest
    try:
        job = launchctl.loaded(frame, label)
    except BaseException:
        rest.release()
        raise
    if job is None or not job.pid:
        return rest
    rest.release()
    return None
