"""An installation in a process of its own, so that it can be killed: `python -m tests.schedulers.launchd_killed JSON`."""

from __future__ import annotations

import json
import sys

from clodputer.schedulers import launchd
from clodputer.schedulers.unit import Frame, Unit, changes


def main() -> None:
    """Install the units of the JSON into its frame."""
    told = json.loads(sys.argv[1])
    frame = Frame(*told["frame"])
    units = [Unit(*unit) for unit in told["units"]]
    assert launchd.apply(frame, changes(units, launchd.inspect(frame)), lambda change: None) == []


if __name__ == "__main__":
    main()
