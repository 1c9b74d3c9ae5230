"""The round over the topics that are due, beside the runs."""

from __future__ import annotations

from time import time

from clodputer.runner.upkeep.beside import Beside
from clodputer.store.context import Context
from clodputer.store.due import topics
from clodputer.store.home import Home


def _poll(context: Context) -> None:
    # Imported when a topic is due: with the verification of signatures comes OpenSSL, which no run needs.
    from clodputer.runner.topics import ask

    ask.poll(context)


def _due(home: Home) -> bool:
    return topics.due(home, time())


TOPICS = Beside("topics", _due, _poll, "topics")
