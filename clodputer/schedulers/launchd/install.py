"""Loading and unloading launchd units, step by step, so that it may be killed anywhere and done again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import monotonic, sleep
from typing import Callable, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.launchd import control, find, plist
from clodputer.schedulers.launchd.control import Said
from clodputer.schedulers.launchd.idle import Rest, at_rest
from clodputer.schedulers.launchd.readback import parsed
from clodputer.schedulers.unit import REMOVE, SPOOL, Change, Frame, Trouble, Unit
from clodputer.store import atomic

# launchd answers before the old process is gone, and refuses the new job until it is.
PAUSES = (0.3, 1.0, 2.0, 4.0, 8.0)
GLANCE = 0.1
# The draining of a job takes up to its ExitTimeOut, and this many calls' time is longer than that.
PATIENCE = 3


class _AtLogin(ClodputerError):
    """The file is right, and there is no session to load it into."""


def apply(frame: Frame, changes: Sequence[Change], told: Callable[[Change], None]) -> list[Trouble]:
    """Perform the changes; one that fails does not stop the others."""
    refused = control.refusal()
    if not changes or refused is not None:
        return [] if refused is None or not changes else [_trouble(refused, "")]
    troubles = []
    held = False
    for change in changes:
        held = held or change.found is not None
        try:
            if change.verb == REMOVE:
                _remove(frame, change)
            elif change.unit is not None:
                _put(frame, change.unit)
        except _AtLogin as later:
            troubles.append(_trouble(later, change.name)._replace(fatal=False))
        except (ClodputerError, OSError) as error:
            troubles.append(_trouble(error, change.name))
            continue
        told(change)
    if held:
        # An exec that found a slot held by us has left its work to us; nor do we do it, but somebody must.
        ring(frame)
    return troubles


def ring(frame: Frame) -> None:
    """Have the spool's unit started now; it stays as it is when it is at work."""
    label = plist.label(frame, SPOOL)
    try:
        control.call(frame, "kickstart", control.target(label))
    except ClodputerError:
        return  # then the sweep is the next to look


def _trouble(error: Exception, name: str) -> Trouble:
    if isinstance(error, ClodputerError):
        return Trouble(error.code, f"{name}: {error.message}" if name else error.message, error.hint, name)
    return Trouble(
        "cannot_write", f"{name}: {error}", "Look at the rights of the folder, and at the free space.", name
    )


def _remove(frame: Frame, change: Change) -> None:
    path = f"{plist.folder(frame)}/{change.name}{find.SUFFIX}"
    unload(frame, change.name, change.found.home if change.found is not None else "")
    # Nothing is left behind: an override outlives its file. The file goes last, for by it a later try finds the rest.
    control.call(frame, "enable", control.target(change.name))
    if os.path.lexists(path) and find.read(path) is not None:
        os.unlink(path)


def _put(frame: Frame, unit: Unit) -> None:
    ((path, text),) = unit.files.items()
    there = find.read(path)
    if there is None and os.path.lexists(path):
        raise ClodputerError(
            "not_ours",
            f"{path} is there already, and is not Clodputer's",
            "Move it away if you do not need it, then install again.",
        )
    right = there is not None and there.text == text and find.is_plain(path)
    own = fingerprint(text)
    job = control.loaded(frame, unit.name)
    if job is not None and not (right and job.fingerprint == own):
        unload(frame, unit.name)
    if not right:
        _write(frame, path, text)
    said = control.call(frame, "enable", control.target(unit.name))
    if said.status in control.NO_SESSION:
        raise _at_login(said)
    if said.status:
        raise control.failure(("enable", control.target(unit.name)), said)
    if job is None or job.fingerprint != own or not right:
        load(frame, unit.name, path, own)


def fingerprint(text: str) -> str:
    """What a loaded job of this text is recognised by."""
    environment = (parsed(text) or {}).get("EnvironmentVariables", {})
    return str(environment.get(plist.FINGERPRINT, ""))


def _write(frame: Frame, path: str, text: str) -> None:
    os.makedirs(plist.folder(frame), mode=0o755, exist_ok=True)
    os.makedirs(plist.logs(frame), mode=0o700, exist_ok=True)
    # The temporary name does not end in .plist: all that do are loaded at the next login.
    atomic.write(path, text.encode("utf-8"), mode=0o644)
    os.chmod(path, 0o644)


def load(frame: Frame, label: str, path: str, fingerprint: str) -> None:
    """Bootstrap a job from its file and see that launchd has it. Raises ClodputerError."""
    words = ("bootstrap", control.domain(), path)
    deadline = monotonic() + frame.seconds
    for pause in (*PAUSES, None):
        said = control.call(frame, *words)
        if said.status in control.NO_SESSION:
            raise _at_login(said)
        job = control.loaded(frame, label)
        if job is not None and job.fingerprint in (fingerprint, ""):
            return
        if said.status not in (0, *control.UNCLEAR) or pause is None or monotonic() + pause > deadline:
            raise _not_loaded(frame, label, said, words)
        sleep(pause)


def _not_loaded(frame: Frame, label: str, said: Said, words: Sequence[str]) -> ClodputerError:
    """Why, as far as it can be seen from outside."""
    if label in control.disabled(frame):
        return ClodputerError(
            "launchd_disabled",
            "launchd has it disabled, and enabling it did not help",
            f"Try: launchctl enable {control.target(label)}",
        )
    if said.status == 0 or said.status == 161:
        return ClodputerError(
            "launchd_dropped",
            "launchd took it and does not have it; no command can tell why",
            "Look in System Settings, General, Login Items, Allow in the Background, whether clodputer "
            f"is switched off; switch it on and install again. Otherwise: {control.LOG}",
        )
    return control.failure(words, said)


def _at_login(said: Said) -> _AtLogin:
    return _AtLogin(
        "loads_at_login",
        "there is no desktop session to load it into; the file is in place "
        f"(launchctl ended with {said.status})",
        "It is loaded when you next log in at the screen.",
    )


def unload(frame: Frame, label: str, home: str = "") -> None:
    """Have launchd let go of a job and wait until it has; one that is at work on a run is let be.

    home: whose runs the job does, if not this one's. Raises ClodputerError.
    """
    if control.loaded(frame, label) is None:
        return
    if os.environ.get("XPC_SERVICE_NAME") == label:
        raise ClodputerError(
            "own_job",
            "this is the job that we ourselves run in, which would be killed",
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
                "a run is going in this job, and is not killed for a change",
                "Install again afterwards; until then the job stays as it is.",
            )
        sleep(GLANCE)


def bootout(frame: Frame, label: str) -> None:
    """Have launchd let go of a job, whatever it does, and wait until it has. Raises ClodputerError."""
    words = ("bootout", *_wait_option(frame), control.target(label))
    failed: Optional[Said] = None
    try:
        said = control.call(frame, *words)
        failed = None if said.status in (0, *control.GONE, *control.UNCLEAR) else said
    except ClodputerError as error:
        if error.code != "launchctl_hangs":  # --wait may wait for ever, by its own help
            raise
    deadline = monotonic() + PATIENCE * frame.seconds
    while control.loaded(frame, label) is not None:
        if failed is not None:
            raise control.failure(words, failed)
        if monotonic() > deadline:
            raise ClodputerError(
                "still_draining",
                "launchd was asked to let go of it, and its process is still there",
                "Install again in some minutes.",
            )
        sleep(GLANCE)


def _wait_option(frame: Frame) -> tuple[str, ...]:
    said = control.call(frame, "help", "bootout")
    return ("--wait",) if "--wait" in said.out + said.err else ()
