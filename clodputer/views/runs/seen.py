"""What a run's stream has said so far, folded into a few facts."""

from __future__ import annotations

from typing import NamedTuple, Optional

from clodputer.model.run import Description

# So much of what it is doing is shown, in characters.
LONGEST_DOING = 200


class Seen(NamedTuple):
    """What a stream has said so far. doing: its last tool call or text. message: the id of the last reply counted."""

    turns: int = 0
    tokens: int = 0
    cost: Optional[float] = None
    doing: str = ""
    message: str = ""


def observe(seen: Seen, description: Description) -> Seen:
    """What is known after one more line; tokens are the caller's to count."""
    for said in description.said:
        if said.kind in ("uses", "says", "retries", "prints"):
            text = said.text if said.kind in ("uses", "prints") else f"{said.kind} {said.text}"
            seen = seen._replace(doing=" ".join(text[: 8 * LONGEST_DOING].split()) or seen.doing)
    if description.reply and description.reply != seen.message:
        seen = seen._replace(turns=seen.turns + 1, message=description.reply)
    return seen if description.cost_usd is None else seen._replace(cost=description.cost_usd)
