"""A home in which much goes on, and what commands say of it as data."""

from __future__ import annotations

import json
from typing import Any

from clodputer.store.home import Home
from tests.workshop import clodputer


def data(home: Home, *arguments: str) -> dict[str, Any]:
    envelope = json.loads(clodputer(home, *arguments, "--json")[0])
    assert (envelope["ok"], envelope["errors"]) == (True, [])
    found: dict[str, Any] = envelope["data"]
    return found
