"""What the stand-ins of the APIs of other agents share; they are steered by steps in the prompt like that of claude."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.fakes import steps
from tests.fakes.answering import Gone, Handler
from tests.fakes.steps import Step

# What every turn is said to have used.
INPUT, CACHED, OUTPUT = 1200, 200, 30


class Asked(NamedTuple):
    """What a request asks: the prompt, its place in the conversation, and how many turns the model has had since."""

    place: int
    prompt: str
    turn: int


def asked(turns: list[tuple[str, str]]) -> Asked:
    """The latest text of a person's in a conversation of (who, text), where `who` is user, model or tool."""
    index = max((at for at, (who, _) in enumerate(turns) if who == "user"), default=0)
    # Several calls of tools may stand in one turn.
    after = [who for who, _ in turns[index + 1 :]]
    count = sum(1 for at, who in enumerate(after) if who == "model" and (at == 0 or after[at - 1] != "model"))
    return Asked(index, turns[index][1] if turns else "", count)


class OtherHandler(Handler):
    """One connection of an agent that is not claude."""

    def conversation(self, body: dict[str, Any]) -> list[tuple[str, str]]:
        raise NotImplementedError

    def stream(self, played: list[Step], body: dict[str, Any]) -> Iterator[bytes]:
        raise NotImplementedError

    def do_POST(self) -> None:  # noqa: N802  (the name is given)
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        at = asked(self.conversation(body))
        try:
            played = self.server.play("", at.place, at.prompt, at.turn)
        except steps.BadStep as error:
            self._error(400, str(error))
            return
        self._note(body, at.prompt, at.turn, played[-1].name if played else "done")
        step = played[-1] if played else Step("say", text="done")
        trouble = getattr(self, "_do_" + step.name, None)
        if trouble is not None:
            trouble(step)
            return
        self._head(200, "text/event-stream")
        self._pieces(self.stream(played or [step], body))
        self.wfile.write(b"0\r\n\r\n")

    def _do_cut(self, step: Step) -> None:
        """The first event of a reply, and then the connection is gone."""
        pieces = list(self.stream([Step("say", text="half a sen")], {}))
        self._head(200, "text/event-stream")
        self._pieces(pieces[:-1][:2])
        raise Gone


def sse(data: dict[str, Any], event: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def parts(played: list[Step]) -> Iterator[tuple[str, Any]]:
    """What a turn is made of: ("text", text) and ("call", (name, arguments))."""
    for step in played:
        if step.name == "say":
            yield "text", step.text
        elif step.name == "tool":
            yield "call", (step.words[0], step.data)
