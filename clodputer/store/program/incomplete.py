"""An installation that is no longer whole: a package is gone, or Python was replaced by one for which it was not made."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Optional

from clodputer.model.errors import ClodputerError

CODE = "incomplete"
HINT = "Install Clodputer again, then run: clodputer install (from a checkout: bin/clodputer install)"
OLDEST_PYTHON = (3, 9)
# What commands need beside ourselves and the standard library. croniter is needed by tests alone.
PACKAGES = ("click", "filelock", "jinja2", "jsonschema", "psutil", "pydantic", "rich", "yaml")


def explain(error: BaseException) -> Optional[ClodputerError]:
    """What is wrong with the installation, if that is what an error says; a module of ours that is missing is a fault."""
    name = missing(error)
    if not name:
        return None
    version = sys.version.split()[0]
    if isinstance(error, ModuleNotFoundError):
        what = f"the Python package {name} is missing from {sys.prefix} (Python {version})"
    else:
        what = f"the Python package {name} cannot be used by Python {version} ({sys.executable}): {error}"
    return ClodputerError(CODE, what, HINT)


def missing(error: BaseException) -> str:
    """The package that an error says is missing or of no use here; "" when it says something else."""
    if isinstance(error, ImportError) and error.name:
        package = error.name.partition(".")[0]
        return "" if package == "clodputer" else package
    if isinstance(error, SyntaxError) and error.filename and error.filename.endswith(".py"):
        folder = os.path.dirname(error.filename)
        while os.path.exists(f"{os.path.dirname(folder)}/__init__.py"):
            folder = os.path.dirname(folder)
        package = os.path.basename(folder)
        return "" if package == "clodputer" else package
    return ""


def still(package: str) -> bool:
    """Whether a package that was missing is so still. It is really imported: one for another Python is found, and of no use."""
    try:
        import_module(package)
    except Exception:  # noqa: BLE001 (whatever a broken package raises)
        return True
    return False
