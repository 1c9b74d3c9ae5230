"""By which name a person here can call us, so that the commands we suggest are commands that work."""

from __future__ import annotations

import os
import sys
from shlex import quote
from shutil import which

from clodputer.cli.terminal.ink import ink


def name() -> str:
    """`clodputer` when that is on PATH, `bin/clodputer` of the checkout we run from, else the interpreter with `-m`."""
    if which("clodputer"):
        return "clodputer"
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    script = os.path.join(os.path.dirname(package), "bin", "clodputer")
    if os.access(script, os.X_OK):
        try:
            near = os.path.relpath(script)
        except OSError:
            near = script  # the working directory is gone
        return quote(script if near.startswith("..") else near)
    return f"{quote(sys.executable)} -m clodputer"


def next_steps(*steps: tuple[str, str]) -> list[str]:
    """The lines that say what to do next: each a command without our name, and what for."""
    program, width = name(), max(len(step) for step, _ in steps)
    lines = [f"  {program} {step.ljust(width)}   {ink(what, 'dim')}" for step, what in steps]
    return ["", ink("Next:", "bold"), *lines]
