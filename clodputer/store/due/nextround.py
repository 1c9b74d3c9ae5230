"""When to do again what config.yaml asks for, kept as the name of one empty file: an idle `exec` reads no more."""

# Only `os`: this is on the way of every `exec`. The name is `<when>.<stamp>.next`, where `when` is epoch
# milliseconds or NEVER; the stamp changes whenever config.yaml does.
import os

from clodputer.store.folder import entries, has_come, touch
from clodputer.store.home import Home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

# Of a round: its folder in the ledger; words, of which one is in a config.yaml that asks for it (a line break stands
# before the first line as well); and for how many seconds ahead it is noted at most, unless the clock went back.
Round = tuple[str, tuple[bytes, ...], float]

TOPICS = ("topics", (b"ntfy_topic",), 2 * 86400.0)  # no topic waits longer than that
# How the key is written at the top of a YAML file; the shipped file has it in a comment. Two reports are a week apart at most.
_REPORT_WORDS = (b"\nreport:", b"\nreport :", b"{report:", b"{ report:", b'"report"', b"'report'")
REPORT = ("report", _REPORT_WORDS, 8 * 86400.0)
# All that config.yaml may ask for at certain times, beside tasks and plugins.
ROUNDS = (TOPICS, REPORT)

NEVER = "never"
# So much of config.yaml is looked through, in bytes.
LARGEST = 1024 * 1024

_ENDING = ".next"


def due(home: Home, rounds: tuple[Round, ...], now: float) -> bool:
    """Whether the time of one of the rounds has come (epoch seconds), or config.yaml was changed since and may ask for one.

    Several are asked about together, so that config.yaml is looked at once.
    """
    mark = stamp(home)
    unknown: tuple[bytes, ...] = ()
    for folder, words, farthest in rounds:
        noted = [name for name in entries(f"{home.ledger}/{folder}") if name.endswith(_ENDING)]
        when, _, rest = noted[0].partition(".") if len(noted) == 1 else ("", "", "")
        if rest != f"{mark}{_ENDING}":
            unknown += words
        elif when.isdecimal() and has_come(f"{home.ledger}/{folder}/{noted[0]}", when, now, farthest):
            return True
    return bool(unknown) and _named(home, unknown)


def stamp(home: Home) -> str:
    """What changes when config.yaml does; NEVER where there is none."""
    try:
        status = os.stat(home.config)
    except OSError:
        return NEVER
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def note(folder: str, when: "Optional[float]", mark: str) -> None:
    """Note when the next time is (epoch seconds), None: not before config.yaml changes. Raises OSError."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    moment = NEVER if when is None else f"{int(when * 1000):013d}"
    name = f"{moment}.{mark}{_ENDING}"
    touch(f"{folder}/{name}")
    for other in entries(folder):
        if other.endswith(_ENDING) and other != name:
            os.unlink(f"{folder}/{other}")


def _named(home: Home, words: tuple[bytes, ...]) -> bool:
    """Whether config.yaml may ask for it: most do not, and their changes then concern nobody here."""
    try:
        with open(home.config, "rb") as file:
            text = b"\n" + file.read(LARGEST)
    except OSError:
        return False
    return any(word in text for word in words)
