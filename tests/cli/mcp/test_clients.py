"""A real client, that of the package `mcp`, speaks with the server in both eras of the protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from clodputer.cli.mcp.protocol import HANDSHAKE, MODERN
from clodputer.cli.mcp.tools import INSTRUCTIONS, TOOLS
from clodputer.store.home import Home
from tests.cli.promises import wrong
from tests.wait import PATIENCE
from tests.workshop import environment

if sys.version_info < (3, 10):
    pytest.skip("the package mcp needs Python 3.10", allow_module_level=True)
if find_spec("mcp") is None and os.environ.get("CI") != "true":
    pytest.skip("the package mcp is not installed; the extra `test` has it", allow_module_level=True)

CLIENT = Path(__file__).with_name("pypi_client.py")


@pytest.mark.parametrize(("mode", "version"), [("auto", MODERN[0]), ("legacy", HANDSHAKE[0])])
def test_the_client_from_the_index(home: Home, mode: str, version: str) -> None:
    done = subprocess.run(
        [sys.executable, str(CLIENT), mode, sys.executable, "-m", "clodputer", "mcp"],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["version"] == version
    assert found["instructions"] == INSTRUCTIONS
    assert found["tools"] == [tool.name for tool in TOOLS]
    assert wrong(found["made"], "new.json") == ""
    assert found["made"]["data"]["enabled"] is False
    failed, envelope = found["refused"]
    assert (failed, envelope["errors"][0]["code"]) == (True, "confirm_needed")
    assert found["unfit"] == [True, "show has no argument 'off' (did you mean 'of'?)"]
    assert found["unknown"] == -32602
