"""The report as HTML: its values put into words and drawings, and these into the template."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from time import localtime, strftime
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from clodputer import __version__
from clodputer.cli.page import money, parts, times
from clodputer.cli.page.talks import MOST_SAID, Talk
from clodputer.cli.page.words import line, moment, name, percent
from clodputer.cli.terminal import when
from clodputer.cli.terminal.printable import printable
from clodputer.cli.text.figures import cost_notes
from clodputer.cli.text.figures.advised import change
from clodputer.model.outcome import BLAMELESS, SUCCEEDED
from clodputer.model.text.moment import format_duration
from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted
from clodputer.store.computer import zone
from clodputer.store.home import Home
from clodputer.store.index.figures import day
from clodputer.store.program import templates
from clodputer.store.records import runs
from clodputer.views.overview.needs import needs
from clodputer.views.overview.status import Status
from clodputer.views.report import MOST_NAMED, MOST_TASKS, Report, meant
from clodputer.views.report.fold import Failure, Tally
from clodputer.views.runs.runs import Entry


def page(report: Report, talks: Sequence[Talk] = (), talks_left: int = 0) -> str:
    """The whole page. talks: conversations in it; talks_left: those without room. Raises ClodputerError, OSError."""
    folder = f"{templates.folder()}/report"
    engine = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
    )
    with open(f"{folder}/style.css", encoding="utf-8") as file:
        style = file.read()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return engine.get_template("page.html.j2").render(
        style=Markup(style),  # noqa: S704 (ours)
        style_hash=Markup(f"sha256-{digest}"),  # noqa: S704 (as it was made here)
        **_values(report, talks, talks_left),
    )


def _shown(value: Any) -> Any:
    """What comes from outside shows its control characters, and those that change the direction of text."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _values(report: Report, talks: Sequence[Talk], talks_left: int) -> dict[str, Any]:
    status, folded = report.status, report.folded
    total = folded.total
    known = {talk.run.run_id for talk in talks}
    home = Home(status.home)
    left = report.left_out
    return {
        "home": status.home,
        "until": moment(status.now),
        "zone": strftime("%Z", localtime(status.now)),
        "period": f"{counted(total.runs, 'run')} since {day(report.begin if left.runs else report.since)}"
        + (f", {counted(left.runs, 'earlier run')} left out" if left.runs else ""),
        "version": __version__,
        "contents": list(_contents(total, bool(talks), bool(report.advice))),
        "tiles": list(_tiles(report)),
        "needs": [
            {"text": line(one.text), "command": line(one.command), "when": _ago(one.at, status.now)}
            for one in needs(status)
        ],
        **_now(status),
        "total": total.runs,
        "nothing": f"No run has ended since {day(report.since)}.",
        "days": parts.days(folded.days),
        "tasks_note": "From left to right over the time; filled from below by how runs ended. Those with most failures "
        "come first. The share is of the runs that succeeded or failed."
        + (
            f" {MOST_TASKS} tasks have a row, {counted(left.tasks, 'further task')} none."
            if left.tasks
            else ""
        ),
        "tasks": [parts.task(one) for one in folded.tasks],
        "tasks_table": parts.tasks_table(folded.tasks),
        "failures": [_failure(one) for one in folded.reasons],
        "advice": [
            {"task": line(one.advice.task), "change": change(one), "why": line(one.advice.why), "id": one.id}
            for one in report.advice
        ],
        "cost": _cost(report) if total.priced else None,
        "spans": times.spans(folded.tasks),
        "calendar": parts.calendar(folded.days),
        "depth": times.depth(report.depths) if any(one.most for one in report.depths) else None,
        "lags": times.lags(report.lags) if report.lags else None,
        "failed": [_run(home, one, status.now, known) for one in report.failed],
        "latest": [_run(home, one, status.now, known) for one in report.latest],
        "talks": [_talk(one) for one in talks],
        "talks_note": f"The last {MOST_SAID} things that were said in each, long ones shortened, secrets masked."
        + (f" There was no room for {counted(talks_left, 'further conversation')}." if talks_left else ""),
        "notes": list(_notes(report)),
    }


def _contents(total: Tally, talks: bool, advice: bool) -> Iterator[tuple[str, str]]:
    yield "needs", "Needs you"
    yield "now", "Now, and next"
    if total.runs:
        yield from (
            ("success", "Success"),
            ("failures", "Failures"),
            *((("advice", "Advice"),) if advice else ()),
            ("cost", "Cost"),
            ("durations", "Durations"),
            ("calendar", "Calendar"),
            ("waiting", "Waiting"),
            ("runs", "Runs"),
        )
    if talks:
        yield "conversations", "Conversations"


def _tiles(report: Report) -> Iterator[dict[str, str]]:
    total, status = report.folded.total, report.status
    waiting = sum(lane.queued + lane.delayed for lane in status.lanes) + status.dropped
    wanting = len(needs(status))
    yield _tile("Needs you", f"{wanting:,}", "", "bad" if wanting else "good")
    yield _tile(
        "Success", percent(total.success_rate), f"{total.succeeded:,} of {total.succeeded + total.failed:,}"
    )
    yield _tile(
        "Failed", f"{total.failed:,}", f"of {counted(total.runs, 'run')}", "bad" if total.failed else ""
    )
    yield _tile(
        "Cost",
        dollars(total.cost_usd) if total.priced else "\N{EN DASH}",
        "" if total.priced else "no run had one",
    )
    yield _tile("Running", f"{len(status.running):,}", f"{waiting:,} waiting")


def _tile(name_: str, figure: str, note: str, tone: str = "") -> dict[str, str]:
    return {"name": name_, "figure": figure, "note": note, "tone": tone}


def _now(status: Status) -> dict[str, Any]:
    running = [
        {
            "task": name(one.task, "a request that is about to start"),
            "about": f"in lane {name(one.lane)}"
            + (f", for {when.span(one.elapsed)}" if one.elapsed is not None else "")
            + (", left by an exec that is gone" if one.stale else ""),
        }
        for one in status.running
    ]
    lanes = [
        {"name": f"Lane {name(lane.name)}", "about": f"{lane.queued:,} queued, {lane.delayed:,} delayed"}
        for lane in status.lanes
        if lane.queued or lane.delayed
    ]
    if status.dropped:
        lanes.append({"name": "Just dropped", "about": f"{status.dropped:,}"})
    coming = [
        {
            "task": name(one.task),
            "about": f"{zone.stamp(one.slot, one.zone)[:16].replace('T', ' ')}, {one.trigger}",
        }
        for one in status.coming
    ]
    return {"running": running, "lanes": lanes, "coming": coming}


def _failure(of: Failure) -> dict[str, str]:
    meaning, remedy = meant(of.reason)
    hit = ", ".join(f"{name(task)} ({number:,})" for task, number in of.hit)
    more = of.tasks - len(of.hit)
    return {
        "reason": name(of.reason),
        "runs": counted(of.runs, "run"),
        "hit": hit + (f" and {counted(more, 'more task')}" if more else ""),
        "meaning": meaning,
        "remedy": remedy,
        "latest": f"The latest, {moment(of.latest.at)}",
        "run": when.run(of.latest.run_id),
    }


def _cost(report: Report) -> dict[str, Any]:
    folded, total = report.folded, report.folded.total
    notes = [cost_notes.estimated(total.estimated_usd)] if total.estimated_usd else []
    notes += [cost_notes.subscription(total.subscription_usd)] if total.subscription_usd else []
    notes += [cost_notes.unpriced(total.runs - total.priced)] if total.runs > total.priced else []
    return {
        "days": money.days(folded.days),
        "notes": notes,
        "parts": [
            money.costs("By task", "task", [one.total for one in folded.tasks]),
            money.costs("By model", "model", folded.models),
        ],
    }


def _run(home: Home, of: Entry, now: float, known: set[str]) -> dict[str, str]:
    run, folder = of.run, runs.folder(home, of.run.task, of.run.run_id)
    tone = "good" if run.outcome == SUCCEEDED else "other" if run.outcome in BLAMELESS else "bad"
    link, words = "", ""
    if run.run_id in known:
        link, words = f"#run-{run.run_id}", "conversation"
    elif os.path.isdir(folder):
        link, words = f"file://{quote(folder)}/", "files"
    said = run.outcome.replace("_", " ")
    return {
        "task": name(run.task),
        "ended": (said if run.reason in ("completed", run.outcome, "") else f"{said}: {name(run.reason)}")
        + (", suspect" if run.suspect else ""),
        "tone": "other" if run.suspect else tone,
        "about": ", ".join(
            part
            for part in (_ago(run.at, now), f"took {format_duration(run.duration)}", dollars(run.cost_usd))
            if part
        ),
        "line": line(of.line),
        "link": link,
        "link_words": words,
        "run": name(when.run(run.run_id)),
    }


def _talk(of: Talk) -> dict[str, Any]:
    run = of.run
    return {
        "anchor": f"run-{run.run_id}",
        "title": f"{name(run.task)}, {moment(run.at)}, {run.outcome.replace('_', ' ')}",
        "left": f"All of it: clodputer show {when.run(run.run_id)} --conversation" if of.more else "",
        "said": [{"kind": one.kind, "text": one.text} for one in of.said],
    }


def _notes(report: Report) -> Iterator[str]:
    left = report.left_out
    if left.runs:
        days = f", {counted(left.days, 'day')} of them" if left.days else ""
        yield (
            f"The latest {counted(report.folded.total.runs, 'run')}, from {day(report.begin)} on, are in the figures; "
            f"{counted(left.runs, 'earlier run')} since {day(report.since)} {'is' if left.runs == 1 else 'are'} not{days}."
        )
    if left.waits_since:
        yield f"How long requests waited is known from {moment(left.waits_since)} on."
    if len(report.latest) == MOST_NAMED:
        yield f"The latest {MOST_NAMED} runs are listed, and the latest {MOST_NAMED} that failed; all of them: clodputer runs"


def _ago(at: Any, now: float) -> str:
    return "" if at is None else f"{moment(at)} ({when.ago(at, now)})"
