"""What a code means that is in a record, in the log or where something waits."""

from __future__ import annotations

from typing import Any, NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.waiting import WAITS
from clodputer.model.outcome import REASONS
from clodputer.model.text.suggest import did_you_mean

# Of what something is the code: how a run ended, or why a request waits.
RUN, WAIT = "run", "wait"


class Explanation(NamedTuple):
    """One meaning of a code. outcome: of a run, empty for a wait. remedy: what to do; empty where nothing is to be done."""

    code: str
    of: str
    outcome: str
    meaning: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self._asdict(), "outcome": self.outcome or None, "remedy": self.remedy or None}


def everything() -> list[Explanation]:
    """All that can be explained: first how runs end, in the order of the documentation, then why requests wait."""
    return [
        *(Explanation(code, RUN, one.outcome, one.meaning, one.remedy) for code, one in REASONS.items()),
        *(Explanation(code, WAIT, "", one.meaning, one.ends) for code, one in WAITS.items()),
    ]


def explain(code: str) -> list[Explanation]:
    """The meanings of a code: a few have one for a run and one for a request. Raises ClodputerError ("code_unknown")."""
    known = everything()
    found = [one for one in known if one.code == code.strip().lower()]
    if not found:
        meant = did_you_mean(code[:80], list(dict.fromkeys(one.code for one in known)))
        raise ClodputerError(
            "code_unknown", f"there is no code {code[:80]!r}{meant}", "All of them: clodputer explain"
        )
    return found
