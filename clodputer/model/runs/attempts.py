"""Attempts: what is known of the runs that a request has had, while it waits to be run again."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

# So many of the latest runs are kept of a request, and so many characters of what each said.
MOST_KEPT = 20
LONGEST_MESSAGE, LONGEST_RESULT = 600, 2000


class Past(NamedTuple):
    """One run that a request has had: how it ended, at `ended_at` (ISO 8601), and what it left behind.

    attempt: which try it belongs to; a run that a usage limit cut off and the run that goes on with its session are of one.
    result: how its result begins. files: the files that it is known to have written.
    """

    run_id: str
    attempt: int
    outcome: str
    reason: str
    message: str = ""
    ended_at: str = ""
    result: str = ""
    files: tuple[str, ...] = ()


class Attempts(NamedTuple):
    """The past of a request that is to be run again.

    attempt: the number of the next run's try, from 1 on. story: its runs so far, the earliest first. session: of the agent's
    conversation that the next run goes on with; empty for a new one. lost_session: of one that could not be gone on with.
    windows: how many usage limits it has waited through.
    """

    attempt: int = 1
    story: tuple[Past, ...] = ()
    session: str = ""
    lost_session: str = ""
    windows: int = 0

    @property
    def last_run(self) -> str:
        """The id of its latest run; empty when it has had none."""
        return self.story[-1].run_id if self.story else ""


NONE = Attempts()


def past(
    run_id: str,
    attempt: int,
    outcome: str,
    reason: str,
    message: str,
    ended_at: str,
    result: str = "",
    files: Iterable[str] = (),
) -> Past:
    """One run, with what it said cut to what is kept."""
    kept = tuple(files)[:MOST_KEPT]
    return Past(
        run_id, attempt, outcome, reason, message[:LONGEST_MESSAGE], ended_at, result[:LONGEST_RESULT], kept
    )


def with_run(attempts: Attempts, run: Past) -> Attempts:
    """The same with one run more; of very many the earliest are forgotten."""
    return attempts._replace(story=(*attempts.story, run)[-MOST_KEPT:])


def to_json(attempts: Attempts) -> dict[str, Any]:
    """As a mapping of plain values."""
    return {**attempts._asdict(), "story": story_to_json(attempts.story)}


def story_to_json(story: Iterable[Past]) -> list[dict[str, Any]]:
    """The runs as plain values, the earliest first."""
    return [{**run._asdict(), "files": list(run.files)} for run in story]


def from_json(fields: Any) -> Attempts:
    """What `to_json` wrote. Raises ValueError, TypeError, KeyError or AttributeError for anything else."""
    attempt, windows = int(fields["attempt"]), int(fields["windows"])
    if attempt < 1 or windows < 0:
        raise ValueError("these numbers count from 1 and from 0")
    texts = {key: str(fields.get(key) or "") for key in ("session", "lost_session")}
    return Attempts(attempt=attempt, story=story_from_json(fields["story"]), windows=windows, **texts)


def story_from_json(fields: Any) -> tuple[Past, ...]:
    """What `story_to_json` wrote. Raises ValueError, TypeError, KeyError or AttributeError for anything else."""
    return tuple(map(_past, fields))[-MOST_KEPT:]


def _past(fields: Mapping[str, Any]) -> Past:
    texts = ("run_id", "outcome", "reason", "message", "ended_at", "result")
    values: dict[str, Any] = {name: str(fields.get(name) or "") for name in texts}
    return past(attempt=int(fields["attempt"]), files=map(str, fields.get("files") or ()), **values)
