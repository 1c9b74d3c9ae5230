"""`clodputer bundle`: one run as an archive for a bug report, with everything private masked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Optional

import click

from clodputer.archive import bundle as bundles
from clodputer.cli.commands.show import find
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.errors import ClodputerError
from clodputer.model.text.plural import counted
from clodputer.model.text.size import format_size
from clodputer.store.spool.find import RUN, handle
from clodputer.views.doctor import examine


@click.command()
@click.argument("run", metavar="RUN|TASK", shell_complete=complete.runs)
@click.option(
    "--out",
    metavar="FILE",
    help="The file to write; by default bundle-RUN.tar.gz in this folder. No file is overwritten.",
)
@json_option
def command(run: str, out: Optional[str]) -> Result:
    """Pack a run into one archive for a bug report, secrets masked.

    It has the run's record, request, prompt and streams, the task, versions, what doctor says, the lines of the log about
    the run, and a manifest. Secrets, tokens by their looks, your home folder, account and host name and mail addresses are
    masked, and each kind is counted. What you asked Claude and what it answered is in it: read it before you send it.

    \b
    Examples:
      clodputer bundle nightly
      clodputer bundle 3f9a2c1b --out report.tar.gz
    """
    return make(os.environ, run, out, time())


def make(environ: Mapping[str, str], run: str, out: Optional[str], now: float) -> Result:
    """Make it. Raises ClodputerError, OSError."""
    context = look(environ)
    found = find(context.home, run)
    if found.state != RUN:
        raise ClodputerError("not_begun", f"{handle(found)} is not a run", "See: clodputer runs")
    path = os.path.abspath(out or f"bundle-{found.run_id}.tar.gz")
    if os.path.lexists(path):
        raise ClodputerError("exists", f"{path} exists already", "Name another file: --out FILE")
    findings = [finding.to_json() for finding in examine(environ, now)]
    made = bundles.make(context, found.task, found.run_id, findings, now)
    try:
        size = bundles.write(made, path)
    except FileExistsError:
        raise ClodputerError("exists", f"{path} exists already", "Name another file: --out FILE") from None
    except FileNotFoundError:
        raise ClodputerError(
            "no_folder", f"there is no folder {os.path.dirname(path)}", "Make it first."
        ) from None
    masked = dict(made.manifest["masked"])
    data = {
        "path": path,
        "bytes": size,
        "run_id": found.run_id,
        "files": sorted(made.files),
        "masked": masked,
        "left_out": [{"name": name, "why": why} for name, why in made.left_out],
    }
    said = ", ".join(f"{kind}: {number}" for kind, number in masked.items()) or "nothing"
    lines = [
        f"made  {printable(path)}  ({format_size(size)}, {counted(len(made.files), 'file')})",
        hung(f"masked  {said}", 8),
        hung(f"left out  {', '.join(printable(name) for name, _ in made.left_out) or 'nothing'}", 10),
        "What was asked and answered is in it: read it before you send it.",
    ]
    return Result(data, "\n".join(lines))
