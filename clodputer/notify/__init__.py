"""How somebody is notified: one module for each type of channel, found by name, each with the function of `Channel`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple, Optional, Protocol, cast

from clodputer.model.notify.channel import TYPES


class Message(NamedTuple):
    """What is told. id: stable, by which a receiver knows what comes a second time; edge: of model/channel.EDGES.

    command: the one to type. priority: 1 to 5. at: UTC, ISO 8601. where: the host and the home. number: of so many
    things, when several are told at once.
    """

    id: str
    edge: str
    title: str
    text: str
    command: str
    priority: int
    at: str
    where: str
    task: str = ""
    run_id: str = ""
    number: int = 1
    links: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> str:
        """All of it but the title, for people."""
        links = (f"{label}: {address}" for label, address in self.links)
        return "\n".join(part for part in (self.text, self.where, self.command, *links) if part)

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs (docs/schemas/notification.json)."""
        return {
            "id": self.id,
            "event": self.edge,
            "title": self.title,
            "message": self.text,
            "command": self.command or None,
            "priority": self.priority,
            "at": self.at,
            "where": self.where,
            "task": self.task or None,
            "run_id": self.run_id or None,
            "number": self.number,
            "links": [{"label": label, "url": address} for label, address in self.links],
        }


class Refused(Exception):
    """It could not be delivered; the message says why. retry_after: seconds that the other side asked us to wait."""

    def __init__(self, message: str, retry_after: Optional[float] = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Channel(Protocol):
    """What the module of every type has.

    FOR_PEOPLE: somebody reads it, so that many things at once become one message; a program gets each by itself.
    """

    FOR_PEOPLE: bool

    def send(
        self, message: Message, channel: Mapping[str, Any], environ: Mapping[str, str], seconds: float
    ) -> None:
        """Tell it, within so many seconds; called in a child process that is killed when it takes longer.

        `channel` has the keys of config.yaml, filled in. Raises Refused, OSError.
        """


def load(kind: str) -> Channel:
    """The module of a type. Raises KeyError for one that is not known."""
    if kind not in TYPES:
        raise KeyError(kind)
    return cast(Channel, import_module(f"clodputer.notify.{kind}"))
