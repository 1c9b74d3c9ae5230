"""The menu bar: the state of a home as a title and a menu, and its text for each program that shows such a thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from clodputer.model.engine.job import standing
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.text.moment import format_duration
from clodputer.model.text.plural import counted
from clodputer.store.computer import zone
from clodputer.views.bar import lines, menu, waybar
from clodputer.views.bar.content import Action, Bar, Row, Section
from clodputer.views.overview.needs import Need, needs
from clodputer.views.overview.status import Status

# More rows of one kind nobody reads in a menu.
MOST = 8
# In the order in which one of them gives its name to the whole.
NEEDS, HELD, RUNNING, WAITING, QUIET, BROKEN = "needs", "held", "running", "waiting", "quiet", "broken"


class Format(NamedTuple):
    """How one program wants it. render: the text, given also how `clodputer` is called.

    file: the name of the plugin file that it reads; empty when a line in its own configuration calls us. folder: where that
    file goes, below HOME.
    """

    render: Callable[[Bar, Sequence[str]], str]
    file: str = ""
    folder: str = ""


FORMATS: Mapping[str, Format] = {
    "swiftbar": Format(menu.swiftbar, "clodputer.30s.sh"),
    "xbar": Format(menu.xbar, "clodputer.30s.sh", "Library/Application Support/xbar/plugins"),
    "argos": Format(menu.argos, "clodputer.30s.sh", ".config/argos"),
    "waybar": Format(waybar.text),
    "tmux": Format(lines.tmux),
    "i3blocks": Format(lines.i3blocks),
}


def bar(status: Status) -> Bar:
    """What is shown of a home. What needs a person comes first, and of what waits the longest."""
    wanted, held = needs(status), any(placed.target.option == "--all" for placed in status.holds)
    waiting = sum(lane.queued for lane in status.lanes) + status.dropped
    running = len(status.running)
    counts = [f"⚠ {len(wanted)}"] if wanted else []
    counts += ["⏸"] if held else []
    counts += [f"▶ {running}"] if running else []
    counts += [f"… {waiting}"] if waiting else []
    state = NEEDS if wanted else HELD if held else RUNNING if running else WAITING if waiting else QUIET
    sections = (
        Section("Needs you", tuple(map(_need, wanted[:MOST])), max(0, len(wanted) - MOST)),
        Section("Running", tuple(_running(status))),
        Section("Waiting", tuple(_waiting(status))),
        Section("Next", tuple(_next(status))),
        Section("", tuple(_always(held=held))),
    )
    return Bar(" ".join(counts) or "✓", state, tuple(section for section in sections if section.rows))


def broken(message: str, hint: str) -> Bar:
    """What is shown when the home cannot be read."""
    return Bar("⚠ clodputer", BROKEN, (Section("Clodputer", (Row(message), *([Row(hint)] if hint else []))),))


def _need(need: Need) -> Row:
    if need.kind == APPROVAL and need.command.startswith("clodputer approve "):
        actions = (Action("Approve", ("approve", need.id)), Action("Deny", ("deny", need.id)))
        return Row(need.text, Action("Show", ("inbox",), in_terminal=True), actions)
    words = need.command.split()
    # A command with a name to fill in is for people to read.
    if words[:1] != ["clodputer"] or any(word.isupper() for word in words):
        return Row(need.text)
    return Row(need.text, Action("Show", tuple(words[1:]), in_terminal=True))


def _running(status: Status) -> Iterator[Row]:
    for one in status.running[:MOST]:
        name = one.task or f"request {one.request_id}"
        since = "" if one.elapsed is None else f" for {format_duration(float(round(one.elapsed)))}"
        state = ", its exec died" if one.stale else ""
        if one.job is not None:
            state = f", {standing(one.job.engine, one.job.job)}"
        show = Action(
            "Show", ("show", one.run_id, "--follow") if one.run_id else ("queue",), in_terminal=True
        )
        yield Row(f"{name}{since}{state}", show, (Action("Cancel", ("cancel", one.request_id)),))


def _waiting(status: Status) -> Iterator[Row]:
    show = Action("Show", ("queue",), in_terminal=True)
    lanes = [lane for lane in status.lanes if lane.queued or lane.delayed]
    for lane in sorted(lanes, key=lambda lane: lane.oldest or status.now)[:MOST]:
        parts = [f"{lane.queued} queued"] if lane.queued else []
        parts += [f"{lane.delayed} delayed"] if lane.delayed else []
        if lane.oldest is not None:
            parts.append(f"the oldest for {format_duration(float(max(0, round(status.now - lane.oldest))))}")
        yield Row(f"{lane.name}: {', '.join(parts)}", show)
    if status.dropped:
        yield Row(f"{counted(status.dropped, 'file')} dropped", show)


def _next(status: Status) -> Iterator[Row]:
    for one in status.coming[:3]:
        yield Row(
            f"{one.task} {zone.wall(one.slot, one.zone)}", Action("Why", ("why", one.task), in_terminal=True)
        )


def _always(*, held: bool) -> Iterator[Row]:
    yield Row("Status", Action("Status", ("status",), in_terminal=True))
    if held:
        yield Row("Let everything go on", Action("Resume", ("resume", "--all")))
    else:
        yield Row("Pause everything", Action("Pause", ("pause", "--all")))
