"""Homes made, entered and completed: no command works in one that is not there, is not ours, or has another format."""

from __future__ import annotations

import os
from collections.abc import Mapping

from clodputer import __version__
from clodputer.model.errors import ClodputerError
from clodputer.store.files.owner import foreign
from clodputer.store.home import FORMAT, Home, exists, format_of, is_newer, is_own, locate, write_format
from clodputer.store.spool.layout import complete_lane, lanes, make_lane


def existing(environ: Mapping[str, str]) -> Home:
    """The home that `locate` finds. Raises ClodputerError as `require` does."""
    home = locate(environ)
    require(home)
    return home


def require(home: Home) -> None:
    """Bring the home to the present format, if it has an older one. Raises ClodputerError, OSError.

    "no_home": no home was ever made there. "home_foreign": it is another account's. "home_newer": its format is not known.
    "busy": somebody else has been bringing it to the present format for long.
    """
    if not exists(home):
        raise ClodputerError("no_home", f"there is no Clodputer home at {home.root}", "Run: clodputer init")
    if not is_own(home):
        raise foreign(home.root, os.geteuid(), os.stat(home.root).st_uid, os.environ)
    refuse_newer(home)
    if format_of(home) < FORMAT:
        # Imported for a home of an older format, once in its life.
        from clodputer.store.upkeep.migrate import bring_up

        bring_up(home)


def refuse_newer(home: Home) -> None:
    """Raises ClodputerError ("home_newer") when the home has a format that this program does not know."""
    if is_newer(home):
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
            raise ClodputerError(
                "no_folder", f"a file is where a folder should be: {folder}", f"Move it away: ls -ld {folder}"
            ) from None
    # makedirs applies the mode to the last folder only, and the umask to all.
    os.chmod(home.root, 0o700)
    make_lane(home, "default")
    if is_new:
        write_format(home, FORMAT)


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
