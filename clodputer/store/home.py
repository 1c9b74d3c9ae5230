"""Where everything lies: the paths below CLODPUTER_HOME, and whether a home is there that we may work in."""

# Only `os` is imported: this is on the way of an `exec` that finds nothing to do.
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


# The version of what is on disk. A home with a greater number was made by a newer Clodputer, and is left alone; one with a
# smaller number is brought to this one by store/upkeep/migrate.py.
FORMAT = 2


class Home:
    """The paths of one home folder; nothing is read or made by naming them."""

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
        self.dismissed = f"{root}/dismissed.json"
        self.log = f"{root}/execution.log"
        self.archive = f"{root}/archive"


def locate(environ: "Mapping[str, str]") -> Home:
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
    """Whether there is a home that we may work in: `homes.require` raises nothing, and has nothing to do."""
    return exists(home) and is_own(home) and format_of(home) == FORMAT


def write_format(home: Home, number: int) -> None:
    """Say which format the home has. Raises OSError."""
    beside = f"{home.root}/.format.{os.getpid()}"
    with open(beside, "w", encoding="ascii") as file:
        file.write(f"{number}\n")
    if os.path.isdir(home.format):
        os.rename(home.format, f"{home.format}.in-the-way-{os.getpid()}")
    os.replace(beside, home.format)
