"""Put aside: what a run must not have made gets another name, whatever the run has done against that."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from uuid import uuid4

# What a run has made where programs outside would obey it is renamed to this.
ASIDE = ".from-sandbox"


def put_aside(paths: Iterable[str]) -> list[str]:
    """Rename what was not there before and must not be there now; the paths. May be repeated, and never raises."""
    return [path for path in paths if os.path.lexists(path) and _renamed(path)]


def _renamed(path: str) -> bool:
    # The run may have taken the name, with a folder perhaps, or have closed the folder to its owner.
    target = f"{path}.{uuid4().hex}{ASIDE}" if os.path.lexists(path + ASIDE) else path + ASIDE
    for _ in range(2):
        try:
            os.rename(path, target)
            return True
        except PermissionError:
            with suppress(OSError):
                os.chmod(os.path.dirname(path), 0o700)
        except OSError:
            return False
    return False
