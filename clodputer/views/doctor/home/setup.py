"""What the doctor looks at of the program itself: Python, packages, templates, its name on PATH, and how fast it starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from time import monotonic

from clodputer import __version__
from clodputer.agents import locate
from clodputer.model.errors import ClodputerError
from clodputer.model.text.moment import format_duration
from clodputer.store.program import templates
from clodputer.store.program.incomplete import OLDEST_PYTHON, PACKAGES
from clodputer.views.doctor.finding import Facts, Finding, ask, named, note, ok, problem

# Every alarm pays the start of the interpreter, in seconds.
SLOW = 0.5
STARTS = 3


def python(facts: Facts) -> list[Finding]:
    """The interpreter that runs us."""
    return python_of(facts.python, sys.version_info[:3])


def python_of(path: str, version: tuple[int, ...]) -> list[Finding]:
    """What there is to say of an interpreter of that version."""
    shown = f"Python {'.'.join(map(str, version))} ({path})"
    if version[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return problem(
            "python", f"{shown} is older than {oldest}", f"Install Clodputer with Python {oldest} or newer."
        )
    return ok("python", shown)


def packages(_: Facts) -> list[Finding]:
    """The packages that we are built on, each really imported: a wheel for another kind of machine is found only so."""
    return packages_of(PACKAGES)


def packages_of(names: Iterable[str]) -> list[Finding]:
    """What there is to say of the packages of those names."""
    from importlib import import_module

    broken = []
    for name in names:
        try:
            import_module(name)
        except Exception as error:  # noqa: BLE001 (whatever a broken package raises)
            broken.append(f"{name} ({type(error).__name__}: {error})")
    if broken:
        return problem(
            "packages",
            f"Python packages are missing or broken in {sys.prefix}: {'; '.join(broken)}",
            "Install Clodputer again.",
        )
    return ok("packages", f"clodputer {__version__} and its packages in {sys.prefix}")


def shipped(_: Facts) -> list[Finding]:
    """The files that come with the program."""
    try:
        folder = templates.folder()
    except ClodputerError as error:
        return problem("templates", error.message, error.hint)
    return shipped_in(folder)


def shipped_in(folder: str) -> list[Finding]:
    """What there is to say of a folder of templates."""
    lacking = [
        name
        for name in ("home/config.yaml", "shell-prefix.sh", "tasks")
        if not os.path.exists(f"{folder}/{name}")
    ]
    if lacking:
        return problem(
            "templates",
            f"{folder} lacks {named(lacking)}",
            "Install Clodputer again; this copy is incomplete.",
        )
    return ok("templates", folder)


def program(facts: Facts) -> list[Finding]:
    """Which `clodputer` a shell would start: one of another version makes for puzzling mornings."""
    found = [
        path
        for folder in dict.fromkeys(locate.folders(facts.environ.get("PATH", "")))
        if locate.executable(path := f"{folder}/clodputer")
    ]
    if not found:
        return ok(
            "program",
            f"there is no clodputer on PATH, which schedulers do not need; this is {facts.python} -m clodputer",
        )
    try:
        said = ask(facts, [found[0], "--version"])
    except OSError as error:
        return problem(
            "program", f"{found[0]} cannot be started: {error.strerror}", "Install Clodputer again."
        )
    version = said.out.split()[-1] if said.out.split() else ""
    if said.status != 0:
        how = "does not answer" if said.status is None else f"fails with exit status {said.status}"
        return problem("program", f"{found[0]} {how} when asked for its version", "Install Clodputer again.")
    if version != __version__:
        return note(
            "program",
            f"a shell starts {found[0]}, which is version {version}; this is {__version__}",
            "Remove the one you do not want, or change the order of PATH.",
        )
    return ok("program", found[0])


def start(facts: Facts) -> list[Finding]:
    """How long the interpreter takes to start, and how much of that is due to what is installed beside it."""
    return start_of(facts.python, _fastest(facts, "-I"), _fastest(facts, "-I", "-S"))


def start_of(path: str, seconds: float, bare: float) -> list[Finding]:
    """What there is to say of an interpreter that takes `seconds` to start, and `bare` when it looks for no packages."""
    shown = (
        f"{path} starts in {format_duration(seconds)}, {seconds / max(bare, 0.001):.1f} times its bare start"
    )
    if seconds > SLOW:
        return note(
            "start",
            f"{shown}; every alarm takes that long",
            "Look for .pth files in its site-packages, a slow disk, or a virus scanner.",
        )
    return ok("start", shown)


def _fastest(facts: Facts, *flags: str) -> float:
    best = facts.seconds
    for _ in range(STARTS):
        begun = monotonic()
        ask(facts, [facts.python, *flags, "-c", "pass"])
        best = min(best, monotonic() - begun)
    return best
