"""Cron, for Linux without systemd's user services: one block of plain lines in the person's own crontab."""

# Per task a line where cron can say exactly when it is due; and one line for every minute, whose exec serves drops, watched
# folders, and all that cron cannot say or has missed.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable, Optional

from clodputer import __version__
from clodputer.model.errors import ClodputerError
from clodputer.schedulers import names, template
from clodputer.schedulers.cron import block as cron_block
from clodputer.schedulers.cron import look, times, words
from clodputer.schedulers.cron import table as cron_table
from clodputer.schedulers.unit import (
    ADD,
    REPLACE,
    SPOOL,
    TASK,
    Alarm,
    Answer,
    Change,
    Found,
    Frame,
    Trouble,
    Unit,
)

_PROBE = "probe"
_EVERY_MINUTE = "* * * * *"

troubles = look.troubles


def answers(frame: Frame) -> Answer:
    """Whether cron can be used here and now, by looking; changes nothing and never raises."""
    try:
        words.command([frame.shim, "exec"])
        cron_block.read(cron_table.read(frame) or b"")
    except ClodputerError as error:
        return Answer(False, error.message, error.hint)
    quiet = look.daemon_trouble()
    return Answer(True, "your crontab", notes=(quiet.message,) if quiet else ())


def render(frame: Frame, alarm: Alarm) -> Unit:
    """The lines that ring this alarm. Raises ClodputerError when cron cannot be given them."""
    name = names.stem(frame.home, frame.account, alarm.kind, alarm.task)
    words.command([frame.shim, "exec", *(("--task", alarm.task) if alarm.kind == TASK else ())])
    lines: list[str] = []
    for trigger in alarm.triggers:
        lines += [line for line in times.times(trigger, alarm.task, frame.zone) if line not in lines]
    values = {"name": name, "task": alarm.task, "times": lines, "shim": frame.shim, "home": frame.home}
    text = template.rendered(frame.templates, f"cron/{alarm.kind}.j2", values)
    return Unit(name, alarm.kind, alarm.task, {name: text})


def check(frame: Frame, units: Sequence[Unit]) -> list[Trouble]:
    """What is wrong with rendered lines: each is read back as cron would read it."""
    found = []
    minute = False
    for unit in units:
        text = unit.files.get(unit.name, "")
        said = [] if text.endswith("\n") and "\r" not in text else ["it does not end with a line break"]
        if cron_block.identity(text) != (unit.name, unit.kind, unit.task):
            said.append(
                f"its first line is not `# clodputer {unit.name}: {f'{unit.kind} {unit.task}'.strip()}`"
            )
        for line in text.split("\n")[1:]:
            if line and not line.startswith("#"):
                wrong = words.wrong(line, frame.shim, unit.task)
                said += [wrong] if wrong else []
                minute = minute or (not wrong and unit.kind != TASK and line.startswith(f"{_EVERY_MINUTE} "))
            elif "clodputer" in line:
                said.append(f"{line!a} could be taken for a mark")
        found += [Trouble("cron_line", f"{unit.name}: {one}", _TEMPLATE_HINT, unit.name) for one in said]
    if units and not minute:
        hint = f"It is the line `{_EVERY_MINUTE} {frame.shim} exec` of the {SPOOL}. {_TEMPLATE_HINT}"
        found.append(Trouble("cron_line", "no line rings every minute, and all else depends on that", hint))
    return found


def inspect(frame: Frame, everywhere: bool = False) -> list[Found]:
    """The units in the blocks of the crontab, of this home or of all; none where there is no crontab program.

    Raises ClodputerError when it cannot be told.
    """
    found: list[Found] = []
    try:
        table = cron_table.read(frame) or b""
    except ClodputerError as error:
        if error.code == "crontab_missing":
            return []
        raise
    for block in cron_block.read(table):
        if everywhere or block.home == frame.home:
            state = "in the crontab" + (", in a block that was edited" if block.edited else "")
            for name, text in block.units.items():
                _, kind, task = cron_block.identity(text)
                found.append(Found(name, block.home, kind, task, {name: text}, True, not block.edited, state))
    return found


def apply(frame: Frame, changes: Sequence[Change], told: Callable[[Change], None]) -> list[Trouble]:
    """Perform all changes in one writing of the crontab, then tell of each."""
    if not changes:
        return []

    def edit(table: Optional[bytes]) -> Optional[bytes]:
        for home in sorted({_home(frame, change) for change in changes}):
            units = _units(table, home)
            for change in changes:
                if _home(frame, change) != home:
                    continue
                if change.unit is not None:
                    units[change.name] = change.unit.files[change.name]
                else:
                    units.pop(change.name, None)
            table = cron_block.write(table, home, units, __version__)
        return table

    try:
        cron_table.change(frame, edit)
    except ClodputerError as error:
        return [Trouble(error.code, error.message, error.hint)]
    except OSError as error:
        return [_no_backup(frame, error)]
    for change in changes:
        told(change)
    return []


def ring(frame: Frame) -> None:
    """Nothing: the next minute is soon enough."""


def probe(frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
    """Have cron start the shim with these arguments, in the next minute and until the probe is taken away.

    Returns what takes it away. Raises ClodputerError.
    """
    name = names.stem(frame.home, frame.account, _PROBE)
    line = f"{_EVERY_MINUTE} {words.command([frame.shim, *arguments])}"
    text = f"# clodputer {name}: {_PROBE}\n{line}\n"

    def put(lines: str) -> None:
        def edit(table: Optional[bytes]) -> Optional[bytes]:
            units = {**_units(table, frame.home), name: lines}
            return cron_block.write(
                table, frame.home, {key: units[key] for key in units if units[key]}, __version__
            )

        try:
            cron_table.change(frame, edit)
        except OSError as error:
            trouble = _no_backup(frame, error)
            raise ClodputerError(trouble.code, trouble.message, trouble.hint) from None

    put(text)
    return lambda: put("")


_TEMPLATE_HINT = (
    "If you have templates/cron in the home: fix them, or take them away to have Clodputer's own."
)


def _home(frame: Frame, change: Change) -> str:
    """Whose block a change is for: what is taken away may be another home's."""
    return frame.home if change.found is None or change.verb in (ADD, REPLACE) else change.found.home


def _units(table: Optional[bytes], home: str) -> dict[str, str]:
    found: list[Mapping[str, str]] = [
        block.units for block in cron_block.read(table or b"") if block.home == home
    ]
    return dict(found[0]) if found else {}


def _no_backup(frame: Frame, error: OSError) -> Trouble:
    return Trouble(
        "crontab_backup",
        f"your crontab was not changed, for no copy of it could be put into {frame.home}/backup: {error.strerror}",
        "Make room or give yourself the right to write there, then run `clodputer install` again.",
    )
