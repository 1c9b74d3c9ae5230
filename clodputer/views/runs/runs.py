"""Runs of the past that somebody asks for, the latest first, each with one line of what it came to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from json import dumps
from typing import Any, NamedTuple

from clodputer.model.outcome import REASONS, SUCCEEDED
from clodputer.store.home import Home
from clodputer.store.index.query import Finished, Index
from clodputer.store.records import corrections, runs

# A line of a result is for a glance, in characters; the record has all of it.
LONGEST_LINE = 300


class Entry(NamedTuple):
    """A run and one line of what it came to: its error, or the beginning of its result; empty when it is not known."""

    run: Finished
    line: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self.run.to_json(), "line": self.line}


class Runs(NamedTuple):
    """The latest of the runs that fit, and how many fit."""

    entries: tuple[Entry, ...]
    total: int

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"runs": [entry.to_json() for entry in self.entries], "total": self.total}


def find(home: Home, task: str, outcomes: Collection[str], since: float, limit: int) -> Runs:
    """The latest `limit` runs, of one task unless that is empty, with one of these outcomes unless there are none of them.

    since: epoch seconds. Raises ClodputerError when the log cannot be read.
    """
    with Index(home) as index:
        found = index.runs(task, outcomes, since, limit)
        total = index.number_of_runs(task, outcomes, since)
    return Runs(tuple(Entry(run, line(home, run)) for run in found), total)


def line(home: Home, run: Finished) -> str:
    """One line of what a run came to; what its reason means when its record is gone or says nothing."""
    record = runs.record(home, run.task, run.run_id) or {}
    correction = corrections.read(home, run.task, run.run_id)
    if correction is not None:
        return _first(f"(corrected) {correction['message']}".strip())
    text = _first(_result(record)) if run.outcome == SUCCEEDED else ""
    text = text or _first(record.get("message"))
    reason = REASONS.get(run.reason)
    return text or (reason.meaning if reason and run.outcome != SUCCEEDED else "")


def _result(record: Mapping[str, Any]) -> Any:
    result = record.get("result")
    # A program that ends as an agent does: its words are beside its figures.
    if isinstance(result, dict):
        result = result.get("result", result)
    return result if result is None or isinstance(result, str) else dumps(result)


def _first(text: Any) -> str:
    """The first line of a text that says something, without the marks of a heading."""
    if not isinstance(text, str):
        return ""
    # Cut first: of a result of megabytes only the beginning is looked at.
    lines = (line.strip().lstrip("#*-> ").rstrip("*") for line in text[: 20 * LONGEST_LINE].splitlines())
    return next((line[:LONGEST_LINE] for line in lines if line), "")
