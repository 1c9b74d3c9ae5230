"""Where everything lies: the paths below CLODPUTER_HOME, and the making of them."""

# Only `os` is imported: this is on the way of an `exec` that finds nothing to do.
from __future__ import annotations

import os

from clodputer.store.spool.layout import complete_lane, lanes, make_lane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


# The version of what is on disk. A home with a greater number was made by a newer Clodputer, and is left alone; one with a
# smaller number is brought to this one by store/migrate.py.
FORMAT = 2


class Home:
    """The paths of one home folder; nothing is read or made by naming them."""

    __slots__ = (
        "archive",
        "cache",
        "closed",
        "config",
        "containers",
        "dead",
        "dead_letters",
        "dedupe",
        "format",
        "holds",
        "lanes",
        "ledger",
        "log",
        "new",
        "outbox",
        "parked",
        "plugins",
        "ports",
        "rejected",
        "root",
        "runs",
        "secrets",
        "spool",
        "state",
        "tasks",
        "tmp",
        "trees",
        "unrouted",
    )

    def __init__(self, root: str) -> None:
        self.root = root
        self.format = f"{root}/format"
        self.config = f"{root}/config.yaml"
        self.secrets = f"{root}/secrets.env"
        self.tasks = f"{root}/tasks"
        self.spool = f"{root}/spool"
        self.tmp = f"{root}/spool/tmp"
        self.new = f"{root}/spool/new"
        self.rejected = f"{root}/spool/rejected"
        self.dead = f"{root}/spool/dead"
        self.closed = f"{root}/spool/closed"
        self.parked = f"{root}/spool/parked"
        self.unrouted = f"{root}/spool/unrouted"
        self.lanes = f"{root}/spool/lanes"
        self.holds = f"{root}/holds"
        self.runs = f"{root}/runs"
        self.trees = f"{root}/trees"
        self.outbox = f"{root}/outbox"
        self.dead_letters = f"{root}/outbox/dead"
        self.plugins = f"{root}/plugins"
        self.containers = f"{root}/containers"
        self.ports = f"{root}/ports"
        self.ledger = f"{root}/ledger"
        self.state = f"{root}/state"
        self.dedupe = f"{root}/ledger/dedupe"
        self.cache = f"{root}/cache"
        self.log = f"{root}/execution.log"
        self.archive = f"{root}/archive"


def locate(environ: Mapping[str, str]) -> Home:
    """The home that CLODPUTER_HOME names, else `~/.clodputer`; a relative one is taken from the working directory.

    Without HOME the account's own home folder is asked of the system.
    """
    chosen = environ.get("CLODPUTER_HOME") or os.path.join(
        environ.get("HOME") or os.path.expanduser("~"), ".clodputer"
    )
    return Home(os.path.abspath(os.path.expanduser(chosen)))


def exists(home: Home) -> bool:
    """Whether a home was ever made there."""
    return os.path.isdir(home.new)


def existing(environ: Mapping[str, str]) -> Home:
    """The home that `locate` finds. Raises ClodputerError as `require` does."""
    home = locate(environ)
    require(home)
    return home


def is_own(home: Home) -> bool:
    """Whether the home is of the account that we work as; what we write into another's, its owner cannot use."""
    try:
        return os.stat(home.root).st_uid == os.geteuid()
    except OSError:
        return True


def format_of(home: Home) -> int:
    """The version of what is on disk, as the file `format` says; 0 when there is none, or it says nothing."""
    try:
        descriptor = os.open(home.format, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        words = os.read(descriptor, 32).split()
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return int(words[0]) if words and words[0].isdigit() else 0


def is_newer(home: Home) -> bool:
    """Whether the home has a format that this program does not know."""
    return format_of(home) > FORMAT


def usable(home: Home) -> bool:
    """Whether there is a home that we may work in: `require` raises nothing, and has nothing to do."""
    return exists(home) and is_own(home) and format_of(home) == FORMAT


def require(home: Home) -> None:
    """Bring the home to the present format, if it has an older one. Raises ClodputerError, OSError.

    "no_home": no home was ever made there. "home_foreign": it is another account's. "home_newer": its format is not known.
    "busy": somebody else has been bringing it to the present format for long.
    """
    if not exists(home):
        from clodputer.model.errors import ClodputerError

        raise ClodputerError("no_home", f"there is no Clodputer home at {home.root}", "Run: clodputer init")
    if not is_own(home):
        from clodputer.store.owner import foreign

        raise foreign(home.root, os.geteuid(), os.stat(home.root).st_uid, os.environ)
    refuse_newer(home)
    if format_of(home) < FORMAT:
        from clodputer.store.migrate import bring_up

        bring_up(home)


def refuse_newer(home: Home) -> None:
    """Raises ClodputerError ("home_newer") when the home has a format that this program does not know."""
    if is_newer(home):
        from clodputer import __version__
        from clodputer.model.errors import ClodputerError

        raise ClodputerError(
            "home_newer",
            f"{home.root} has format {format_of(home)}, and Clodputer {__version__} knows formats up to {FORMAT}: nothing "
            "was touched",
            "Use the newer Clodputer that made it so, or another home: set CLODPUTER_HOME.",
        )


def make(home: Home) -> None:
    """Make every folder that is missing, mode 0700: whoever can write to `spool/new` can run Claude; a new home's format, too.

    Raises ClodputerError ("no_folder") when something else has the name of one of them, OSError.
    """
    is_new = not exists(home)
    for folder in (
        home.root,
        home.tasks,
        home.spool,
        home.tmp,
        home.new,
        home.rejected,
        home.dead,
        home.closed,
        home.parked,
        home.lanes,
        home.holds,
        home.runs,
        home.ledger,
        home.dedupe,
        home.cache,
        home.archive,
    ):
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        except FileExistsError:
            from clodputer.model.errors import ClodputerError

            raise ClodputerError(
                "no_folder", f"a file is where a folder should be: {folder}", f"Move it away: ls -ld {folder}"
            ) from None
    # makedirs applies the mode to the last folder only, and the umask to all.
    os.chmod(home.root, 0o700)
    make_lane(home, "default")
    if is_new:
        write_format(home, FORMAT)


def write_format(home: Home, number: int) -> None:
    """Say which format the home has. Raises OSError."""
    beside = f"{home.root}/.format.{os.getpid()}"
    with open(beside, "w", encoding="ascii") as file:
        file.write(f"{number}\n")
    if os.path.isdir(home.format):
        os.rename(home.format, f"{home.format}.in-the-way-{os.getpid()}")
    os.replace(beside, home.format)


def complete(home: Home) -> None:
    """Make the folders again that somebody has taken away, one of `runs/` or a lane's slot: no request waits for a person.

    Raises OSError.
    """
    folders = (
        home.tmp,
        home.rejected,
        home.dead,
        home.closed,
        home.parked,
        home.lanes,
        home.runs,
        home.dedupe,
        home.cache,
        home.archive,
    )
    if not all(map(os.path.isdir, folders)):
        make(home)
    for name in lanes(home):
        complete_lane(home, name)


def lend(own: Home, home: Home) -> None:
    """Let another home use the config.yaml and secrets.env of `own`, by links to those that are there. Raises OSError."""
    for theirs, ours in ((own.config, home.config), (own.secrets, home.secrets)):
        if os.path.exists(theirs):
            os.symlink(theirs, ours)
