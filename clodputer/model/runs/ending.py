"""Ending: all that is known of a run that has ended, by which it is decided what follows."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Mapping
from typing import NamedTuple, Optional

from clodputer.model.runs.attempts import NONE, Attempts, past, with_run
from clodputer.model.runs.limit import Limit
from clodputer.model.runs.retry import Retry
from clodputer.model.text.moment import iso


class Ending(NamedTuple):
    """All that is known of a run that has ended, at `now` (epoch seconds), when it is decided what follows.

    message, result: what it said, secrets masked. files: those that it is known to have written. attempt: the number of the
    try that it belongs to. attempts: what was known of the request before this run. retry: what its task says of retries.
    retry_after: the seconds that the other side asked for. left: how many processes of the run would not die.
    limit: what its task says of usage limits. resets_at: when this one ends (epoch seconds). account: what it draws on, empty
    for none. watched: the files from which its login came, and how they look. session: of its conversation, empty for none.
    unresumed: it was to go on with a session and could not. item: what it was about. item_failures: how many runs about that
    failed before, since the last that did not. park_after: with how many it is parked, 0 for never. dice: a number from 0 to 1,
    of all that is left to chance. trigger: the type of what asked for it. task_failures: how many requests of its task ended
    for good without success before, in a row. auto_disable_after: with how many the task is disabled, 0 for never.
    """

    outcome: str
    reason: str
    now: float
    lane: str = "default"
    message: str = ""
    run_id: str = ""
    result: str = ""
    files: tuple[str, ...] = ()
    attempt: int = 1
    attempts: Attempts = NONE
    retry: Retry = Retry()
    retry_after: Optional[float] = None
    left: int = 0
    limit: Limit = Limit()
    resets_at: Optional[float] = None
    account: str = ""
    watched: Mapping[str, str] = {}
    session: str = ""
    unresumed: bool = False
    item: str = ""
    item_failures: int = 0
    park_after: int = 3
    dice: float = 0.5
    trigger: str = ""
    task_failures: int = 0
    auto_disable_after: int = 0

    @property
    def story(self) -> Attempts:
        """What is known of the request now, this run included; the next one is of the same try."""
        run = past(
            self.run_id,
            self.attempt,
            self.outcome,
            self.reason,
            self.message,
            iso(self.now),
            self.result,
            self.files,
        )
        return with_run(self.attempts, run)._replace(attempt=self.attempt)
