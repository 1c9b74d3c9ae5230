"""The streams of the runs that are going on, each read as it grows, a bounded piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from clodputer.model.run import Description
from clodputer.runner.place import withsecrets
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.views.overview.status import Running
from clodputer.views.runs.seen import Seen, observe
from clodputer.views.runs.stream import Stream, describer, stdout_of

# In one look at most so many pieces of stream.CHUNK are read of all runs together; what is left is read in the next ones.
MOST_PIECES = 16
# So many runs are followed; of more only the beginnings and ends are shown.
MOST_RUNS = 64


class _Open(NamedTuple):
    stream: Stream
    describe: Callable[[bytes], Description]
    hide: Callable[[str], str]
    seen: Seen


class Streams:
    """The open streams by run id; each is closed when its run is over."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}

    def look(self, context: Context, running: Iterable[Running]) -> dict[str, Seen]:
        """What each of these runs has said so far. Streams that cannot be read say nothing."""
        wanted = {one.run_id: one.task for one in running if one.run_id}
        for run_id in self._open.keys() - wanted.keys():
            self._open.pop(run_id).stream.close()
        for run_id, task in list(wanted.items())[:MOST_RUNS]:
            if run_id not in self._open:
                self._begin(context, task, run_id)
        left = MOST_PIECES
        for run_id, known in self._open.items():
            share = max(1, MOST_PIECES // len(self._open))
            while share and left > 0:
                try:
                    lines = known.stream.lines()
                except OSError:
                    break
                left, share = left - 1, share - 1
                if not lines:
                    break
                known = known._replace(seen=_after(known, lines))
            self._open[run_id] = known
        return {run_id: known.seen for run_id, known in self._open.items()}

    def close(self) -> None:
        """Close them all."""
        for known in self._open.values():
            known.stream.close()
        self._open.clear()

    def _begin(self, context: Context, task: str, run_id: str) -> None:
        folder = runs.folder(context.home, task, run_id)
        try:
            stream = stdout_of(folder)
        except OSError:
            return
        if stream is not None:
            # Only when a run is over are the secrets in its file masked.
            self._open[run_id] = _Open(stream, describer(folder), withsecrets.hiding(context, folder), Seen())


def _after(known: _Open, lines: Iterable[bytes]) -> Seen:
    seen = known.seen
    for line in lines:
        seen = observe(seen, known.describe(known.hide(line.decode("utf-8", "replace")).encode()))
    return seen
