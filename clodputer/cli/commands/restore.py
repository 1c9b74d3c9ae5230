"""`clodputer restore`: a home made from an archive of `backup`."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from time import time
from typing import IO, Any

import click

from clodputer.archive.backup import restore as restoring
from clodputer.archive.backup.restore import Content, Restored
from clodputer.cli import called
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.text.plural import counted
from clodputer.model.text.size import format_size
from clodputer.store.files import owner
from clodputer.store.home import locate

MOST_SHOWN = 20


@click.command()
@click.argument("path", metavar="FILE")
@click.option("--dry-run", is_flag=True, help="Check the archive, show what is in it and what differs.")
@click.option("--replace", is_flag=True, help="Move the home that is there aside; it is kept.")
@persons.of_person("restore", "dry_run")
@json_option
def command(path: str, dry_run: bool, replace: bool) -> Result:
    """Restore a home from an archive made by backup.

    The home is ~/.clodputer, or the folder that CLODPUTER_HOME names; it must be new or empty unless --replace is given. All of
    the archive is read and checked first: with anything wrong, nothing is changed. What was running when the backup was made is
    `lost`. Alarms are not set up: run `clodputer install` afterwards.

    \b
    Examples:
      clodputer restore clodputer.tar.gz --dry-run
      clodputer restore clodputer.tar.gz
      CLODPUTER_HOME=~/elsewhere clodputer restore clodputer.tar.gz
    """
    return restored(os.environ, path, dry_run=dry_run, replace=replace)


def restored(environ: Mapping[str, str], path: str, *, dry_run: bool, replace: bool) -> Result:
    """Restore, or tell what would be. Raises ClodputerError, OSError."""
    home = locate(environ)
    owner.check_new(home, environ)
    with _open(os.path.expanduser(path)) as source:
        if dry_run:
            content = restoring.look(source, home)
            done = Restored(content, "")
        else:
            done = restoring.restore(source, home, time(), replace=replace)
            content = done.content
    return Result(_data(home.root, done, dry_run), "\n".join(_lines(home.root, done, dry_run)))


def _open(path: str) -> IO[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ClodputerError("no_archive", f"{path} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ClodputerError(
            "no_archive", f"{path} is not a file", "Name a file that clodputer backup has written."
        )
    return os.fdopen(descriptor, "rb")


def _data(root: str, done: Restored, dry_run: bool) -> dict[str, Any]:
    content = done.content
    return {
        "dry_run": dry_run,
        "home": root,
        "manifest": content.manifest.to_json(),
        "files": content.files,
        "bytes": content.size,
        "parts": content.parts,
        "tasks": list(content.tasks),
        "added": list(content.added),
        "changed": list(content.changed),
        "only_there": list(content.only_there),
        "moved_aside": done.aside or None,
    }


def _lines(root: str, done: Restored, dry_run: bool) -> list[str]:
    content, manifest = done.content, done.content.manifest
    made = "Would restore" if dry_run else "Restored"
    lines = [
        (
            f"{made} {printable(root)} as {printable(manifest.home)} was at {manifest.taken_at}: "
            f"{counted(content.files, 'file')} ({format_size(content.size)}), {counted(len(content.tasks), 'task')}, "
            f"{counted(manifest.waiting, 'waiting request')}."
        )
    ]
    if manifest.running:
        lines.append(f"{counted(manifest.running, 'run')} was going on then and will be `lost`.")
    if manifest.left_out:
        lines.append(f"Not in the archive: {', '.join(map(printable, manifest.left_out))}.")
    if dry_run:
        lines += _differences(content)
        return lines
    if done.aside:
        lines.append(f"The home that was there is kept: {printable(done.aside)}")
    return [*lines, *called.next_steps(*_steps(content))]


def _differences(content: Content) -> list[str]:
    lines = []
    for words, paths in (
        ("new", content.added),
        ("different", content.changed),
        ("only in the home that is there", content.only_there),
    ):
        lines += [f"{words}: {printable(path)}" for path in paths[:MOST_SHOWN]]
        if len(paths) > MOST_SHOWN:
            lines.append(f"{words}: {len(paths) - MOST_SHOWN} more")
    return lines


def _steps(content: Content) -> list[tuple[str, str]]:
    steps = [("validate", "see whether the tasks are in order here")]
    if not content.manifest.secrets:
        steps.append(("config", "see where secrets.env belongs: it is not in the archive"))
    return [*steps, ("install", "have the system's scheduler start the tasks")]
