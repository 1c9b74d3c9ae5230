"""`clodputer backup`: the home as one file, while its runs go on."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from time import time
from typing import Union

import click

from clodputer.archive.backup.backup import Done, Wanted
from clodputer.archive.format import file
from clodputer.cli.arguments.since import moment_since
from clodputer.cli.group import json_option
from clodputer.cli.result import Printed, Result
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.plural import counted
from clodputer.model.text.size import format_size
from clodputer.store import homes

ALL, NONE = "all", "none"
MOST_SHOWN = 10


@click.command()
@click.argument("path", metavar="FILE")
@click.option("--with-secrets", is_flag=True, help="Include secrets.env.")
@click.option(
    "--records",
    metavar="all|none|SINCE",
    default=ALL,
    show_default=True,
    help="Which runs are in it: those begun since 30d, or since a date.",
)
@json_option
@click.pass_obj
def command(as_json: bool, path: str, with_secrets: bool, records: str) -> Union[Result, Printed]:
    """Write the home into one archive, while its runs go on.

    Tasks, settings, requests, state, log and runs are in it. FILE ends in .tar.gz or .tar.zst; - is standard output. What waits
    is in the archive once. What is running meanwhile is lost in a home restored from it, as after a power cut, and nothing of
    it is run again without being asked. The file is for its owner alone. What could not be read is named; the exit
    code is 1 then, although the rest is complete.

    \b
    Examples:
      clodputer backup /mnt/disk/clodputer.tar.gz
      clodputer backup ~/clodputer.tar.zst --records 30d --with-secrets
      clodputer backup - | ssh host 'cat > clodputer.tar.gz'
    """
    if path == file.STDOUT and as_json:
        raise ClodputerError(
            "usage",
            "--json and an archive on standard output exclude each other",
            "Name a file.",
            ExitCode.USAGE,
        )
    made = backed_up(os.environ, path, _wanted(records, with_secrets), time())
    if path != file.STDOUT:
        return made
    sys.stderr.write(f"{made.text}\n")
    return Printed(made.exit_code)


def _wanted(records: str, secrets: bool) -> Wanted:
    if records in (ALL, NONE):
        return Wanted(secrets, 0.0 if records == ALL else None, records)
    try:
        return Wanted(secrets, max(1.0, moment_since(records, time())), records)
    except ClodputerError as error:
        raise ClodputerError(
            "usage",
            error.message.replace("--since", "--records", 1),
            f"all, none, or: {error.hint}",
            ExitCode.USAGE,
        ) from None


def backed_up(environ: Mapping[str, str], path: str, wanted: Wanted, now: float) -> Result:
    """Write the archive. Raises ClodputerError, OSError."""
    home = homes.existing(environ)
    done = file.write(home, os.path.expanduser(path) if path != file.STDOUT else path, wanted, now)
    errors = _errors(done)
    data = {
        "path": None if path == file.STDOUT else os.path.abspath(os.path.expanduser(path)),
        "manifest": done.manifest.to_json(),
        "files": done.files,
        "bytes": done.size,
        "runs": done.runs,
        "omitted": [one._asdict() for one in done.omitted],
        "omitted_count": done.omitted_count,
    }
    return Result(data, _text(path, done), ExitCode.EXPECTED if errors else ExitCode.DONE, errors)


def _errors(done: Done) -> tuple[ClodputerError, ...]:
    if not done.omitted_count:
        return ()
    message = f"{counted(done.omitted_count, 'file')} could not be backed up completely"
    return (ClodputerError("incomplete", message, "See which; all others are in the archive."),)


def _text(path: str, done: Done) -> str:
    manifest = done.manifest
    lines = [
        (
            f"Backed up {printable(manifest.home)} to {printable(path)}: {counted(done.files, 'file')} "
            f"({format_size(done.size)} uncompressed), {counted(manifest.waiting, 'waiting request')}, "
            f"{counted(done.runs, 'run')}."
        )
    ]
    if manifest.running:
        lines.append(
            f"{counted(manifest.running, 'run')} was going on: it will be `lost` where this is restored."
        )
    if manifest.left_out:
        lines.append(f"Left out: {', '.join(map(printable, manifest.left_out))}.")
    lines += [f"Not backed up: {printable(one.path)}: {one.why}" for one in done.omitted[:MOST_SHOWN]]
    if done.omitted_count > MOST_SHOWN:
        lines.append(f"... and {done.omitted_count - MOST_SHOWN} more; --json lists them")
    return "\n".join(lines)
