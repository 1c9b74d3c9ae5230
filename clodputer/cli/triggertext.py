"""The triggers of a task in a few words for a person."""

from __future__ import annotations

from collections.abc import Iterable

from clodputer.cli.printable import one_line
from clodputer.model.moment import format_duration
from clodputer.model.task import Trigger

LONGEST = 60


def triggers(found: Iterable[Trigger]) -> str:
    """All triggers of a task, such as `cron 0 8 * * mon-fri, by hand`."""
    return ", ".join(words(one) for one in found)


def words(one: Trigger) -> str:
    """One trigger, such as `every 30m`."""
    options = one.options
    if one.type == "cron":
        zone = f" ({options['timezone']})" if options.get("timezone") else ""
        return one_line(f"cron {options['schedule']}{zone}{_active(one)}", LONGEST)
    if one.type == "interval":
        return one_line(f"every {format_duration(float(options['every']))}{_active(one)}", LONGEST)
    if one.type == "at":
        return one_line(f"at {options['time']}", LONGEST)
    if one.type == "file_watch":
        pattern = options.get("pattern") or "*"
        return one_line(f"files {options.get('path')}/{pattern}".replace("//", "/"), LONGEST)
    return {"startup": "at startup", "manual": "by hand"}.get(one.type, one.type)


def _active(one: Trigger) -> str:
    active = one.options.get("active") or {}
    parts = [str(active[key]) for key in ("days", "hours") if active.get(key)]
    return f", {' '.join(parts)}" if parts else ""
