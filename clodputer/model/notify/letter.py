"""A letter: what one channel is to be reported, kept in the outbox until it is; when it is tried again, and when given up."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.numbers.digest import digest
from clodputer.model.text.moment import parse_moment

# A letter is tried for so many seconds: first again after a minute, then after twice as long each time, at most an hour.
LIFETIME = 86400.0
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
# That a run has started is news only for a while, in seconds.
START_LIFETIME = 300.0

PING, START = "ping", "start"
# What stands for an edge in a message that a follow-up sends.
FOLLOW_UP = "follow_up"
# In characters.
LONGEST_TEXT = 2000


class Letter(NamedTuple):
    """One letter. due, at, created_at: epoch seconds.

    id: stable, so that a letter that is written twice is one. channel: its name, or `ping`. edge: of model/channel.EDGES, or
    which ping it is. item: what the edge is about beside its task, such as a hold. command: the one to type. priority: 1 to 5.
    digest: when it is told together with others of its channel. ping: of a ping, what goes into its address and body.
    """

    id: str
    channel: str
    edge: str
    due: float
    at: float
    created_at: float
    task: str = ""
    run_id: str = ""
    item: str = ""
    title: str = ""
    message: str = ""
    command: str = ""
    priority: int = 3
    digest: bool = False
    ping: Mapping[str, Any] = {}
    tries: int = 0
    last_error: str = ""

    @property
    def ends(self) -> float:
        """When it is given up (epoch seconds), counted from when it was to be told first."""
        begins = max(self.created_at, self.due) if self.digest and not self.tries else self.created_at
        return begins + (START_LIFETIME if self.is_start else LIFETIME)

    @property
    def is_start(self) -> bool:
        """Whether it says that a run has started, which is tried once: after the run's end it would be wrong."""
        return self.channel == PING and self.edge == START


def follow_up_letters(
    record: Mapping[str, Any], place: str, text: str, channels: Iterable[str]
) -> list[Letter]:
    """The letters of a follow-up, one for each channel; always the same for the same run, place in its lists and channel."""
    run_id, at = str(record["run_id"]), parse_moment(str(record["ended_at"]), 0.0)
    title = f"{record['task']}: {str(record['outcome']).replace('_', ' ')}"
    return [
        Letter(
            id=digest(f"{FOLLOW_UP}|{run_id}|{place}|{name}".encode("utf-8", "replace"), 12),
            channel=name,
            edge=FOLLOW_UP,
            due=at,
            at=at,
            created_at=at,
            task=str(record["task"]),
            run_id=run_id,
            title=title,
            message=text[:LONGEST_TEXT],
            command=f"clodputer show {run_id}",
        )
        for name in channels
    ]


def to_json(letter: Letter) -> dict[str, Any]:
    """The letter as plain values."""
    return letter._asdict()


def from_json(fields: Mapping[str, Any]) -> Letter:
    """The letter that `to_json` wrote. Raises TypeError, ValueError or KeyError for anything else."""
    letter = Letter(**fields)
    if not isinstance(letter.id, str) or not isinstance(letter.ping, dict):
        raise ValueError("this is not a letter")
    return letter._replace(
        due=float(letter.due),
        at=float(letter.at),
        created_at=float(letter.created_at),
        tries=int(letter.tries),
        priority=int(letter.priority),
    )


def next_try(tries: int, now: float, retry_after: Optional[float] = None) -> float:
    """When it is tried again after so many tries in vain; `retry_after`: what the other side asked for, in seconds."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** max(0, min(tries, 20) - 1))
    if retry_after is not None:
        pause = min(LIFETIME, max(pause, retry_after))
    return now + pause
