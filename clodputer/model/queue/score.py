"""The score of a request: points for what it is about and what its task did before, which put it ahead of others.

Waiting counts for all alike, a point for each ten minutes. So the order of two requests never changes while they wait, and is
known when they come: points are a head start in time, which goes into the name under which a request waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log10
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from clodputer.model.config.keys import COUNT, PART, Key
from clodputer.model.text.moment import format_duration

if TYPE_CHECKING:
    from clodputer.model.queue.estimate import Estimate

# From fewer past runs nothing is said.
LEAST_RUNS = 5
# So much waiting is worth a point, in seconds; and no request has more points than this.
PER_POINT, MOST = 600.0, 100.0
# Of requests with different priorities the one with the higher runs first, unless the other has waited so much longer, in
# seconds, for each step between them: so none waits forever. It is more than all points are worth.
PER_STEP = 86400.0

_MICROSECONDS = 1_000_000

# Words for how bad something is, of loggers (RFC 5424), SARIF, linters and trackers, and what share of the points they bring.
SEVERITIES: Mapping[str, float] = {
    **dict.fromkeys(("emergency", "fatal", "panic", "critical", "crit", "alert", "blocker"), 1.0),
    **dict.fromkeys(("error", "err", "high", "major"), 0.75),
    **dict.fromkeys(("warning", "warn", "medium", "moderate"), 0.5),
    **dict.fromkeys(("low", "minor", "notice", "note"), 0.25),
    **dict.fromkeys(("info", "information", "none", "trivial", "debug"), 0.0),
}
# Labels of issues that name a priority, without `priority` before them: `P1`, `priority: high`, `prio/critical`.
LABELS: Mapping[str, float] = {
    **dict.fromkeys(("p0", "critical", "urgent", "highest", "blocker"), 1.0),
    **dict.fromkeys(("p1", "high"), 0.75),
    **dict.fromkeys(("p2", "medium", "normal"), 0.5),
    **dict.fromkeys(("p3", "low"), 0.25),
    **dict.fromkeys(("p4", "lowest"), 0.0),
}
_PREFIXES = ("priority", "prio")
_BARE = frozenset(("p0", "p1", "p2", "p3", "p4", "urgent", "critical", "blocker"))
# So many labels are looked at; what comes from outside may have thousands.
_LABELS_READ = 50
# A run that costs so many dollars or less brings all points for cost, one that costs the other or more brings none.
_CHEAP, _DEAR = 0.01, 10.0


class Score(NamedTuple):
    """The task's part `score`: the most points that each fact can bring; None throughout for a task without a score."""

    severity: Optional[int] = None
    label: Optional[int] = None
    success: Optional[int] = None
    cost: Optional[int] = None

    @property
    def used(self) -> bool:
        """Whether the task's requests have a score."""
        return any(points is not None for points in self)


# What holds for a key that is not written, once there is a `score`.
USUAL: Mapping[str, int] = {"severity": 40, "label": 30, "success": 10, "cost": 10}


class Piece(NamedTuple):
    """One part of a score: which, how many points, and why, in words."""

    name: str
    points: float
    why: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"part": self.name, "points": self.points, "why": self.why}


class Scored(NamedTuple):
    """The points that a request came with, and what they are made of."""

    points: float
    pieces: tuple[Piece, ...]

    @property
    def ahead(self) -> int:
        """By how many microseconds the request goes before those that came when it did."""
        return int(self.points * PER_POINT * _MICROSECONDS)


def score(rule: Score, context: Mapping[str, Any], past: Optional[Estimate]) -> Scored:
    """The score of a request with this context. past: what its task's latest runs came to; None when nothing is known."""
    pieces = tuple(
        Piece(name, round(most * share, 1), why)
        for name, most, (share, why) in (
            ("severity", rule.severity, _severity(context)),
            ("label", rule.label, _label(context)),
            ("success", rule.success, _success(past)),
            ("cost", rule.cost, _cost(past)),
        )
        if most
    )
    beyond = round(sum(piece.points for piece in pieces) - MOST, 1)
    if beyond > 0:
        pieces = (*pieces, Piece("limit", -beyond, f"{MOST:.0f} points at most"))
    return Scored(round(sum(piece.points for piece in pieces), 1), pieces)


def waited(age: float) -> Piece:
    """The points for waiting so many seconds, which count for all requests alike."""
    return Piece("age", round(max(0.0, age) / PER_POINT, 1), f"waits for {format_duration(max(0.0, age))}")


def turn(microseconds: int, priority: int) -> int:
    """What requests of one lane are sorted by, the least first, from their places in it."""
    return microseconds - int(priority * PER_STEP * _MICROSECONDS)


def _severity(context: Mapping[str, Any]) -> tuple[float, str]:
    """How bad it is what the request is about, by what its trigger brought: the worst that is said counts."""
    error = context.get("error")
    if isinstance(error, Mapping):
        word = "critical" if error.get("critical") is True else "error"
        return SEVERITIES[word], f"severity {word}"
    found = [word for word in _said(context) if word in SEVERITIES]
    if not found:
        return 0.0, "no severity known"
    worst = max(found, key=lambda word: SEVERITIES[word])
    return SEVERITIES[worst], f"severity {worst}"


def _said(context: Mapping[str, Any]) -> Iterable[str]:
    for part in _parts(context):
        for key in ("severity", "level"):
            if isinstance(part.get(key), str):
                yield part[key][:40].strip().lower()


def _parts(context: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Where a fact about the item may stand: the finding, the issue, or the payload of an event, and what lies in it."""
    event = context.get("event")
    payload = event.get("payload") if isinstance(event, Mapping) else None
    for one in (context.get("finding"), context.get("issue"), context.get("pull_request"), payload):
        if isinstance(one, Mapping):
            yield one
    if isinstance(payload, Mapping):
        for key in ("issue", "pull_request", "finding", "alert"):
            if isinstance(payload.get(key), Mapping):
                yield payload[key]


def _label(context: Mapping[str, Any]) -> tuple[float, str]:
    """The highest priority that a label of the item names."""
    best, name = 0.0, ""
    for part in _parts(context):
        labels = part.get("labels")
        for label in labels[:_LABELS_READ] if isinstance(labels, (list, tuple)) else ():
            text = label.get("name") if isinstance(label, Mapping) else label
            share = _of_label(text) if isinstance(text, str) else None
            if share is not None and (not name or share > best):
                best, name = share, str(text)[:40].strip()
    return best, f"label {name}" if name else "no label that names a priority"


def _of_label(text: str) -> Optional[float]:
    word = text[:80].strip().lower()
    if word in _BARE:
        return LABELS[word]
    for prefix in _PREFIXES:
        if word.startswith(prefix):
            return LABELS.get(word[len(prefix) :].strip(" :/-_"))
    return None


def _success(past: Optional[Estimate]) -> tuple[float, str]:
    if past is None or past.judged < LEAST_RUNS:
        return 0.5, _too_few(0 if past is None else past.judged)
    return past.succeeded / past.judged, f"{past.succeeded} of its last {past.judged} runs succeeded"


def _cost(past: Optional[Estimate]) -> tuple[float, str]:
    if past is None or past.cost is None:
        return 0.5, _too_few(0 if past is None else past.priced)
    cost = past.cost.p50
    share = log10(_DEAR / min(_DEAR, max(_CHEAP, cost))) / log10(_DEAR / _CHEAP)
    return share, f"half of its last {past.priced} runs cost ${cost:.2f} or less"


def _too_few(runs: int) -> str:
    return f"{runs} runs known, fewer than {LEAST_RUNS}: half of the points"


def _points(name: str, what: str) -> Key:
    usual = USUAL[name]
    return Key(
        name, COUNT, None, f"The most points for {what}", 0, int(MOST), absent=f"`{usual}`", example=usual
    )


KEYS = (
    Key(
        "score",
        PART,
        {},
        "Requests of the task go before others of their lane and priority by points; `score: true` for the usual ones. See "
        "[Score](lanes.md#score).",
        keys=(
            _points("severity", "how bad it is: of an error, a finding, or an event's payload."),
            _points("label", "a label of the issue that names a priority, such as `P1` or `priority: high`."),
            _points("success", "the share of the task's latest runs that succeeded."),
            _points("cost", "runs that are expected to be cheap: all for a cent, none for $10."),
        ),
        absent="none: the oldest first",
        bare=True,
        example={"severity": 40, "label": 30},
    ),
)
