"""How much of each account's usage windows is used, as far as that is known now."""

from __future__ import annotations

from typing import Any, NamedTuple

from clodputer.model.gates.usage import Readings, in_force, to_json
from clodputer.store import usage
from clodputer.store.home import Home


class AccountUsage(NamedTuple):
    """What is known of an account's windows that have not been reset since. problem: why what was kept cannot be read."""

    account: str
    readings: Readings
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "account": self.account,
            "windows": to_json(self.readings),
            "problem": self.problem or None,
        }


def accounts(home: Home, now: float) -> list[AccountUsage]:
    """Every account of which something is known at `now` (epoch seconds), or should be. Raises OSError."""
    kept = ((account, usage.read(home, account)) for account in usage.accounts(home))
    found = [AccountUsage(account, in_force(one.readings, now), one.problem) for account, one in kept]
    return [one for one in found if one.readings or one.problem]
