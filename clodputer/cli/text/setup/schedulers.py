"""The schedulers and what they have of this home, for a person."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from clodputer.cli import called
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.text.setup.install import by_kind, problem_lines
from clodputer.schedulers import load
from clodputer.schedulers.installation import candidates
from clodputer.schedulers.unit import SPOOL, SWEEP, WEBHOOKS, FoundUnit
from clodputer.store import homes
from clodputer.store.computer import zone
from clodputer.views.schedule.schedulers import Schedulers, View, gather


def asked(environ: Mapping[str, str], now: float) -> Result:
    """The answer of `status --schedulers`: asks those that this system may have. Raises ClodputerError."""
    home = homes.existing(environ)
    found = gather(home, environ, {name: load(name) for name in candidates(sys.platform)}, sys.platform, now)
    return Result(found.to_json(), text(found))


def text(seen: Schedulers) -> str:
    """A paragraph for each scheduler that is in use or could be, and what `install` would fix."""
    lines: list[str] = []
    for view in seen.views:
        lines += _view(view)
    if not any(view.installed for view in seen.views):
        lines.append(f"No scheduler is set up for this home. To have one: {called.name()} install")
        return "\n".join(lines)
    used = [view.name for view in seen.views if view.installed]
    if len(used) > 1:
        lines.append(
            f"{ink('note:', 'yellow')} {' and '.join(used)} start the tasks of this home; one is enough"
        )
    if seen.shim:
        what = "is missing" if seen.shim == "missing" else "differs from what this Clodputer writes"
        lines.append(f"{ink('note:', 'yellow')} bin/clodputer, which all alarms start, {what}")
    if seen.zone_was:
        lines.append(
            f"{ink('note:', 'yellow')} the time zone was {printable(seen.zone_was)} at the installation"
        )
    lines += [f"since then, in this terminal: {printable(one)}" for one in seen.environment_changes]
    if seen.drifted():
        lines.append(f"To repair it: {called.name()} install")
    return "\n".join(lines)


def _view(view: View) -> list[str]:
    if view.installed:
        state = (
            "starts the tasks of this home"
            if view.answer.usable
            else "has the alarms of this home, and cannot be used"
        )
    else:
        state = "could be used" if view.answer.usable else "cannot be used"
    said = f": {printable(view.answer.message)}" if view.answer.message else ""
    lines = [hung(f"{ink(view.name, 'bold')} {state}{ink(said, 'dim')}")]
    if view.unknown:
        lines.append(f"  its alarms cannot be read: {printable(view.unknown)}")
    width = max((len(_label(one.found)) for one in view.units), default=0)
    for one in view.units:
        bad = one.found.failed or ("" if one.found.loaded else "not loaded")
        words = [one.found.state, f"next {zone.wall(one.next)}" if one.next is not None else ""]
        shown = printable("; ".join(word for word in words if word))
        wrong = f"  {ink(printable(bad), 'red')}" if bad else ""
        lines.append(hung(f"  {_label(one.found).ljust(width)}  {shown}{wrong}", 4))
    if view.drift:
        lines.append(f"  {ink('differs from the tasks:', 'yellow')} install {by_kind(view.drift, True)}")
    return lines + [f"  {line}" for line in problem_lines(view.problems)]


def _label(found: FoundUnit) -> str:
    return printable(found.task) or {SPOOL: "(drops)", SWEEP: "(sweep)", WEBHOOKS: "(webhooks)"}.get(
        found.kind, found.name
    )
