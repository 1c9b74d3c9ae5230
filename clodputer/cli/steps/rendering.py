"""`clodputer install --out`: the alarms of a home as files for the clock of a cluster, which a person hands over to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.text.setup.install import problem_lines
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.schedulers import installation, place, rendered, shim
from clodputer.schedulers import plan as plans
from clodputer.schedulers.rendered import Given, handed
from clodputer.schedulers.unit import ADD, REMOVE, REPLACE
from clodputer.store.home import locate

_NEXT = {
    "slurm": "Next: scrontab {out}/scrontab (which replaces the table that you have there; see: scrontab -l)",
    "kubernetes": "Next: kubectl apply --kustomize {out}",
}
_DONE = {ADD: "wrote", REPLACE: "changed", REMOVE: "removed", rendered.KEPT: "is right"}
_WOULD = {ADD: "would write", REPLACE: "would change", REMOVE: "would remove", rendered.KEPT: "is right"}


def check(scheduler: str, out: str, image: str, tasks: bool) -> None:
    """Whether the options go together. Raises ClodputerError ("usage")."""
    ours = scheduler in rendered.NAMES
    if ours and not out:
        raise _usage(f"--scheduler {scheduler} writes files", "Name a folder for them: --out DIR")
    if out and not ours:
        raise _usage("--out belongs to --scheduler slurm or kubernetes", "Leave it out.")
    if scheduler == "kubernetes" and not image:
        raise _usage("--scheduler kubernetes needs an image with Clodputer in it", "Name it: --image IMAGE")
    if ours and tasks:
        raise _usage("--out writes the alarms of all tasks", "Name no task.")


def render(
    environ: Mapping[str, str],
    scheduler: str,
    out: str,
    given: Given,
    now: float,
    tried: Callable[[str], None],
    *,
    dry_run: bool,
) -> Result:
    """Write the files that are not right yet. Raises ClodputerError, OSError."""
    home, out = locate(environ), os.path.abspath(out)
    place.check(home, environ)
    with place.Alone(home.root):
        at = place.look(home, environ, sys.platform)
        wanted = plans.wanted(home, at.frame.environment, (), at.frame.listen)
        files, problems = rendered.rendered(scheduler, at.frame, wanted, given)
        steps = rendered.compare(out, files)
        if not dry_run:
            if scheduler == "slurm":
                # Its lines start the shim; pods have a program of their own.
                installation.write_shim(at.frame.shim, shim.text(at.shim), tried)
            rendered.write(out, files, steps)
            handed.note(home, scheduler, out, now)
    data: dict[str, Any] = {
        "scheduler": scheduler,
        "home": home.root,
        "out": out,
        "dry_run": dry_run,
        "files": [{"path": f"{out}/{name}", "verb": step} for name, step in sorted(steps.items())],
        "without_alarm": list(wanted.silent),
        "elsewhere": list(wanted.elsewhere),
        "broken": list(wanted.broken),
        "notes": [*at.notes, *(problem.message for problem in problems if not problem.fatal)],
    }
    words = _WOULD if dry_run else _DONE
    lines = [f"{words[file['verb']]}: {printable(file['path'])}" for file in data["files"]]
    lines += [hung(f"{ink('note:', 'yellow')} {printable(note)}") for note in at.notes]
    lines += problem_lines(problems)
    lines += [] if dry_run else [printable(_NEXT[scheduler].format(out=out))]
    errors = tuple(ClodputerError(one.code, one.message, one.hint) for one in problems if one.fatal)
    return Result(data, "\n".join(lines), ExitCode.EXPECTED if errors else ExitCode.DONE, errors)


def _usage(message: str, hint: str) -> ClodputerError:
    return ClodputerError("usage", message, hint, ExitCode.USAGE)
