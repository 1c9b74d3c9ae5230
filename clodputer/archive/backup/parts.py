"""Which parts of a home are backed up, which only when asked for, and which never: every name at its top is one of them."""

from __future__ import annotations

# What a backup always has.
FILES = ("README", "format", "config.yaml", "dismissed.json")
FOLDERS = ("tasks", "templates", "plugins", "holds", "state", "ledger", "spool", "archive", "runs")
LOG = "execution.log"
# Only with --with-secrets.
SECRET = ("secrets.env",)
# Made again from the rest, when it is needed, or by `install`; letters of yesterday; blocks of ports that runs have; other
# backups; reports of faults.
LEFT_OUT = (
    "approval.key",
    "bin",
    "cache",
    "outbox",
    "backup",
    "bug-reports",
    "trees",
    "ports",
    "containers",
    "tmp",
    ".DS_Store",
)

# In `ledger/`: what says something of this one folder on this disk, which is found out again.
OF_THE_PLACE = ("next", "blocked", "pruned", "handed.json", "swept")

MANIFEST = "manifest.json"
CHECKSUMS = "checksums.jsonl"
HOME = "home"


def is_known(name: str) -> bool:
    """Whether a name at the top of a home is one of ours, backed up or not; others are reported."""
    return name in FILES or name in FOLDERS or name == LOG or name in SECRET or name in LEFT_OUT


def is_passing(name: str) -> bool:
    """Whether a file is only a lock, or one that is being written, as their names say: nothing is lost without it."""
    return name.endswith(".lock") or name.startswith(".")


def may_be_restored(name: str) -> bool:
    """Whether a backup may bring something of that name at the top of a home."""
    return name in FILES or name in FOLDERS or name == LOG or name in SECRET
