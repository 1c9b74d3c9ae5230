"""What a run is asked that goes on with a session which a limit cut off."""

from __future__ import annotations

from clodputer.model.runs.attempts import Attempts

# What a run is asked whose session goes on after a usage limit or a refused login cut it off.
GO_ON = (
    "You were cut off before you had finished, by a limit of the account and not by anything you did. You can work again now. "
    "Go on with the task from where you stopped. Look first what is done already, and do not do it a second time."
)
# The same when the session is gone.
BEGUN_ANEW = (
    "\n\nAn earlier run of this task was cut off before it had finished, and its conversation is gone. Some of the work may be "
    "done already: look first, and do not do it a second time."
)


def going_on(text: str, attempts: Attempts, *, resumed: bool) -> str:
    """The prompt of a run that goes on with a session (`resumed`), or that had to begin a new one in its place."""
    if attempts.session and resumed:
        return GO_ON
    if attempts.session or attempts.lost_session:
        # After it: the text may begin with a command of claude's.
        return text + BEGUN_ANEW
    return text
