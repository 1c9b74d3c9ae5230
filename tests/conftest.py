"""Give every test a home of its own, and keep the real one out of reach."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests import examples, guard, once, warm
from tests import mortal as mortality
from tests.workshop import make_home

guard.install(guard.PROTECTED)
# Here and not in a fixture: those of a module or a session come before those of a test.
os.environ["PATH"] = guard.refusing_first(os.environ["PATH"])
examples.register()

# A shell that starts the tests in the background has them ignore Ctrl-C, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The same with `nohup` and the end of a session.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
# Only now, and before any test has changed them.
warm.ordinary()

PRIVATE_PREFIXES = (
    "AI_AGENT",
    "ANTHROPIC_",
    "CLAUDECODE",
    "CLAUDE_",
    "CLODPUTER_",
    "CODEX_",
    "GEMINI_CLI",
    "OPENCODE",
)
KEPT = {"CLODPUTER_TEST_CLAUDE"}
# Numbered here: pytest's own numbering reads the whole folder again for every test.
NUMBERS = count()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option with which a further Python runs fewer cases."""
    once.add_option(parser)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what waits, then with what is long: at the end others would wait for it. (Groups of tests come before all.)"""
    once.select(config, items)
    items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in ("waits", "slow")])


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set HOME, CLODPUTER_HOME and TMPDIR to places nobody else uses, and hide what this machine's user configured."""
    for name in list(os.environ):
        if name.startswith(PRIVATE_PREFIXES) and name not in KEPT:
            monkeypatch.delenv(name)
    number = next(NUMBERS)
    home, temporary = (tmp_path_factory.getbasetemp() / f"{kind}.{number}" for kind in ("home", "t"))
    home.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    tempfile.tempdir = None  # what it remembers of an earlier TMPDIR
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CLODPUTER_HOME", str(home / ".clodputer"))
    return home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh home of Clodputer, empty, of this test alone. (Nothing makes commands use it but `tests.workshop`.)"""
    return make_home(tmp_path)


@pytest.fixture
def mortal() -> Iterator[None]:
    """Permissions count, also where the tests run as root; skip where they cannot be made to."""
    with mortality.mortal() as counts:
        if not counts:
            pytest.skip("this container lets root past all permissions for good")
        yield


@pytest.fixture(scope="session")
def claude_binary() -> str:
    """Return the path of the real `claude`; skip where there is none, but fail on a build machine."""
    path = os.environ.get("CLODPUTER_TEST_CLAUDE", "")
    if os.access(path, os.X_OK):
        return path
    reason = "CLODPUTER_TEST_CLAUDE names no claude; bin/check installs one by npm"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def pip_cache() -> str:
    """Return the folder in which pip keeps its downloads, which a private HOME would make it forget."""
    named = os.environ.get("PIP_CACHE_DIR")
    if named:
        return named
    environment = {**os.environ, "HOME": guard.REAL_HOME}
    found = subprocess.run(
        ["python3", "-m", "pip", "cache", "dir"], env=environment, capture_output=True, text=True
    )
    return found.stdout.strip() or os.path.join(guard.REAL_HOME, ".cache", "pip")
