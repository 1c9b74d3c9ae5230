"""Whose home it is: nobody but its owner may work in it, for files of another account stop everything of the owner."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from clodputer.model.errors import ClodputerError
from clodputer.store.home import Home


def name(uid: int) -> str:
    """The name of an account, for people; its number when it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"account number {uid}"


def foreign(root: str, uid: int, owner: int, environ: Mapping[str, str]) -> ClodputerError:
    """Why an account must not work in a home of another, and how it is done right. Pure but for the names."""
    whose = name(owner)
    if uid == 0 and environ.get("SUDO_UID") == str(owner):
        hint = "Run it without sudo."
    else:
        hint = f"Run it as {whose} (`sudo -iu {whose}`), or set CLODPUTER_HOME to a home of your own."
    return ClodputerError(
        "home_foreign",
        f"{root} belongs to {whose}, and this is run as {name(uid)}, whose files {whose} could not use",
        hint,
    )


def refusal(environ: Mapping[str, str], uid: int, owner: int, root: str) -> ClodputerError | None:
    """Why nothing may be installed or removed here, if so: whose units would these be? Pure but for names."""
    sudo = environ.get("SUDO_USER", "")
    if uid == 0 and sudo not in ("", "root"):
        return ClodputerError(
            "sudo",
            f"this is started by sudo, so the scheduler's units would be root's and not {sudo}'s",
            "Run it without sudo.",
        )
    return foreign(root, uid, owner, environ) if uid != owner else None


def check_new(home: Home, environ: Mapping[str, str]) -> None:
    """Refuse to make a home below a folder of somebody else under sudo. Raises ClodputerError."""
    place = home.root
    while not os.path.exists(place) and place != os.path.dirname(place):
        place = os.path.dirname(place)
    owner, uid = os.stat(place).st_uid, os.geteuid()
    if owner != uid and (place == home.root or environ.get("SUDO_UID") == str(owner)):
        raise foreign(home.root, uid, owner, environ)


def strangers(root: str, owner: int, most: int) -> Iterator[str]:
    """Files and folders in a home that are another account's, among its first `most` entries; links are not followed."""
    waiting, seen = [root], 0
    while waiting and seen < most:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            seen += 1
            try:
                other = entry.stat(follow_symlinks=False).st_uid != owner
                inside = entry.is_dir(follow_symlinks=False)
            except OSError:
                continue
            if other:
                yield entry.path
            if inside:
                waiting.append(entry.path)
