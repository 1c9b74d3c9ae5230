"""What the doctor looks at of the home: whose it is, who can write there, where it lies, and whether there is room."""

from __future__ import annotations

import os
import stat
from itertools import islice
from shlex import quote

from clodputer.model.errors import ClodputerError
from clodputer.model.text.plural import counted
from clodputer.store import homes
from clodputer.store.files import owner
from clodputer.store.folder import entries
from clodputer.store.home import exists
from clodputer.store.lock import Lock
from clodputer.views.doctor import fix
from clodputer.views.doctor.finding import Facts, Finding, ask, named, note, ok, problem

GIGABYTE = 10**9
# Of a disk of several terabytes a twentieth is room enough, however small a share it is.
ROOMY = 20 * GIGABYTE
LONG_LOG = 500 * 10**6
LARGE_CACHE = 50 * 10**6
DAY = 86400.0
# So many entries of the home are looked at for their owner, and so many of another account are counted.
MOST_ENTRIES, MOST_STRANGERS = 100_000, 1_000

# Folders that a program keeps the same on several machines: a request could be taken in on two of them.
SYNCED = (
    "Mobile Documents",
    "CloudStorage",
    "iCloud Drive",
    "Dropbox",
    "OneDrive",
    "Google Drive",
    "Nextcloud",
    "Syncthing",
)
NETWORK = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afpfs",
        "webdav",
        "afs",
        "9p",
        "fuse.sshfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.glusterfs",
        "ceph",
        "lustre",
    )
)


def home(facts: Facts) -> list[Finding]:
    """Whether there is a home, whole and ours."""
    root = facts.home.root
    if not exists(facts.home):
        if os.path.lexists(root) and not os.path.isdir(root):
            return problem("home", f"{root} is not a folder", "Set CLODPUTER_HOME to a new or empty folder.")
        return problem("home", f"there is no home at {root}", "Run: clodputer init")
    whose = os.stat(root).st_uid
    if whose != facts.user:
        error = owner.foreign(root, facts.user, whose, facts.environ)
        return problem("home", error.message, error.hint)
    try:
        homes.refuse_newer(facts.home)
    except ClodputerError as newer:
        return problem("home", newer.message, newer.hint)
    parts = (
        facts.home.tasks,
        facts.home.tmp,
        facts.home.rejected,
        facts.home.dead,
        facts.home.lanes,
        facts.home.runs,
        facts.home.ledger,
        facts.home.dedupe,
        facts.home.cache,
        facts.home.archive,
    )
    lacking = [os.path.relpath(part, root) for part in parts if not os.path.isdir(part)]
    if lacking:
        return problem(
            "home",
            f"{root} lacks {counted(len(lacking), 'folder')}: {named(lacking)}",
            "Run: clodputer init",
            fix.Fix(f"make the missing folders of {root}", fix.MAKE),
        )
    return ok("home", root)


def owners(facts: Facts) -> list[Finding]:
    """What another account has left in the home, as an earlier `sudo clodputer run` did: it stops what its owner does."""
    root, whose = facts.home.root, os.stat(facts.home.root).st_uid
    found = list(islice(owner.strangers(root, whose, MOST_ENTRIES), MOST_STRANGERS))
    if not found:
        return ok("owners", f"everything in it belongs to {owner.name(whose)}")
    shown = named([os.path.relpath(path, root) for path in found])
    what = "1 file or folder belongs" if len(found) == 1 else f"{len(found)} files and folders belong"
    return problem(
        "owners",
        f"{what} to another account: {shown}",
        f"Run: sudo chown -hR {whose} {quote(root)}",
    )


def mode(facts: Facts) -> list[Finding]:
    """Who else has access: an account that can write to `spool/new` can run Claude as you."""
    root = facts.home.root
    bits = stat.S_IMODE(os.stat(root).st_mode)
    if bits & 0o077:
        what = "write to" if bits & 0o022 else "look into"
        return problem(
            "home-mode",
            f"others can {what} {root} (mode {bits:04o})",
            f"chmod 700 {root}",
            fix.chmod(root, 0o700),
        )
    above = os.path.dirname(os.path.realpath(root))
    while above != os.path.dirname(above):
        bits = os.stat(above).st_mode
        if bits & stat.S_IWOTH and not bits & stat.S_ISVTX:
            return problem(
                "home-mode",
                f"everybody can write to {above}, and so put another home in the place of yours",
                f"chmod o-w {above}",
            )
        above = os.path.dirname(above)
    return ok("home-mode", f"only you have access to {root}")


def place(facts: Facts) -> list[Finding]:
    """Whether the home lies where locks and renames can be relied on."""
    root = os.path.realpath(facts.home.root)
    elsewhere = "Move it to a local folder, and set CLODPUTER_HOME if that is not ~/.clodputer."
    synced = next((part for part in root.split("/") if part.startswith(SYNCED)), "")
    if synced:
        return note(
            "home-place",
            f"{root} lies in {synced}, which copies it to other machines: they could run a request twice",
            elsewhere,
        )
    kind = kind_of(root, _mounts(facts))
    if kind in NETWORK:
        return note(
            "home-place",
            f"{root} lies on a network file system ({kind}): locks may not work there",
            elsewhere,
        )
    path = f"{facts.home.tmp}/.doctor.{os.getpid()}"
    try:
        with Lock(path) as held, Lock(path) as again:
            excludes = held and not again
    finally:
        if os.path.lexists(path):
            os.unlink(path)
    if not excludes:
        return problem(
            "home-place", f"locks do not work in {root} (file system {kind or 'unknown'})", elsewhere
        )
    return ok("home-place", f"locks work in {root}{f' ({kind})' if kind else ''}")


def kind_of(path: str, mounts: list[tuple[str, str]]) -> str:
    """The kind of file system on which a path lies, given (folder, kind) of all mounts in order; "" when it is not known."""
    found, length = "", -1
    for folder, kind in mounts:
        inside = path == folder or path.startswith(folder.rstrip("/") + "/")
        if inside and len(folder) >= length:
            found, length = kind, len(folder)
    return found


def _mounts(facts: Facts) -> list[tuple[str, str]]:
    if facts.platform == "darwin":
        return mounts_of_macos(ask(facts, ["/sbin/mount"]).out)
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as file:
            return mounts_of_linux(file.read())
    except FileNotFoundError:
        return []


def mounts_of_linux(text: str) -> list[tuple[str, str]]:
    """(folder, kind) of each line of /proc/self/mounts."""
    words = [line.split(" ") for line in text.splitlines()]
    return [(line[1].replace("\\040", " "), line[2]) for line in words if len(line) > 2]


def mounts_of_macos(text: str) -> list[tuple[str, str]]:
    """(folder, kind) of each line that macOS' `mount` prints: `//me@server/x on /Volumes/x (smbfs, nodev)`."""
    found = []
    for line in text.splitlines():
        folder, bracket, rest = line.partition(" on ")[2].rpartition(" (")
        if bracket:
            found.append((folder, rest.rstrip(")").split(",")[0]))
    return found


def disk(facts: Facts) -> list[Finding]:
    """Whether there is room for what runs write."""
    found = os.statvfs(facts.home.root)
    return disk_of(facts.home.root, found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def disk_of(path: str, free: int, total: int) -> list[Finding]:
    """What there is to say of a disk with so many bytes free."""
    share = 100 * free / total if total else 100.0
    shown = f"{free / GIGABYTE:.1f} GB ({share:.0f} %) free on the disk of {path}"
    if free < GIGABYTE or (share < 5 and free < ROOMY):
        return problem(
            "disk",
            f"only {shown}",
            "Make room: runs that cannot write their output fail, and claude with them.",
        )
    return ok("disk", shown)


def log(facts: Facts) -> list[Finding]:
    """Whether the diary can be written."""
    path = facts.home.log
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return ok("log", f"{path} does not exist yet")
    if not stat.S_ISREG(found.st_mode):
        return problem("log", f"{path} is not a regular file", "Move it away; a new one is started.")
    if not os.access(path, os.W_OK):
        return problem(
            "log",
            f"{path} cannot be written",
            f"chmod u+w {path}",
            fix.chmod(path, 0o600) if found.st_uid == facts.user else None,
        )
    if found.st_size > LONG_LOG:
        return note(
            "log",
            f"{path} has {found.st_size / 10**6:.0f} MB",
            "Move it away if you do not need it; a new one is started.",
        )
    return ok("log", f"{path}, {found.st_size / 10**6:.1f} MB")


def cache(facts: Facts) -> list[Finding]:
    """Whether the cache holds what died writers left, or what others wrote; all of it may go at any time."""
    folder = facts.home.cache
    size, stale, foreign = 0, 0, 0
    for name in entries(folder):
        try:
            found = os.lstat(f"{folder}/{name}")
        except FileNotFoundError:
            continue
        size += found.st_size
        # What a writer or a canary that was killed has left.
        stale += name.endswith((".tmp", "-probe")) and facts.now - found.st_mtime > DAY
        foreign += found.st_uid != facts.user
    clear = fix.Fix(f"empty {folder}, which is filled again by itself", fix.CLEAR, (folder,))
    if foreign:
        return note(
            "cache",
            f"{counted(foreign, 'file')} in {folder} belong to another account",
            "Remove the folder's content.",
            clear,
        )
    if stale or size > LARGE_CACHE:
        what = counted(stale, "leftover") if stale else f"{size / 10**6:.0f} MB"
        return note(
            "cache",
            f"{what} in {folder}",
            "Remove the folder's content; it is filled again by itself.",
            clear,
        )
    return ok("cache", folder)
