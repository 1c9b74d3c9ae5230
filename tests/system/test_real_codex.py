"""The example of docs/agents.md with the real codex, which talks to a stand-in of its API: its records tell the truth."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.test_other_agents_recipe import RECORDED, recipe
from tests.fakes.messages_api import Api, serving
from tests.fakes.responses_api import ResponsesHandler
from tests.workshop import ROOT, drop, execute, make_home, records, write_task

pytestmark = pytest.mark.system

CODEX = ROOT / ".tools" / "codex" / "node_modules" / ".bin" / "codex"
# What is asked of the stand-in, and the reason that the record is to have.
STORIES = {
    "works": ('@tool exec_command {"cmd": "echo hi > made.txt"}\n@say made it', "completed"),
    "refused": ("@status 401", "exit_status"),
    "limited": ("@status 429 type=usage_limit_reached", "exit_status"),
    "cut": ("@cut", "exit_status"),
    "idle": ("@say I did nothing", "expect_unmet"),
}
CONFIG = """\
model_provider = "standin"
check_for_update_on_startup = false

[model_providers.standin]
name = "standin"
base_url = "{url}/v1"
env_key = "STAND_IN_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
"""


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    if not CODEX.exists():
        assert os.environ.get("CI") != "true", "codex is not installed: bin/check brings it"
        pytest.skip("codex is not installed: bin/check brings it")
    with serving(handler=ResponsesHandler) as served:
        yield served


def test_the_records_of_a_real_codex_tell_the_truth(api: Api, tmp_path: Path) -> None:
    assert (ROOT / "tests" / "codex-version").read_text().strip() == RECORDED["version"]
    home = make_home(tmp_path)
    own = tmp_path / "codex"
    own.mkdir()
    (own / "config.toml").write_text(CONFIG.format(url=api.url))
    script = tmp_path / "codex-task"
    script.write_text(recipe("codex-task").replace("/usr/bin/env python3", sys.executable))
    script.chmod(0o755)
    for name, (prompt, _) in STORIES.items():
        folder = tmp_path / name
        folder.mkdir()
        task = {
            # The test tells nothing of codex's sandbox, which not every machine can make.
            "command": [str(script), "--sandbox=danger-full-access", "--model=gpt-5"],
            "agent": "command",
            "prompt": prompt,
            "working_directory": str(folder),
            "env": {
                "PATH": f"{CODEX.parent}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                "CODEX_HOME": str(own),
                "STAND_IN_KEY": "key-of-the-stand-in",
            },
            "timeout": "2m",
            "expect": {"file_exists": "made.txt"},
            "retry": {"max_attempts": 1},
        }
        write_task(home, name, json.dumps(task))
        drop(home, name)
    execute(home)
    found = {name: records(home, name)[-1] for name in STORIES}
    assert {name: record["reason"] for name, record in found.items()} == {
        name: reason for name, (_, reason) in STORIES.items()
    }
    works = found["works"]
    assert works["result"]["result"] == "made it"
    assert works["session_id"] == works["result"]["session_id"] != ""
    assert works["usage"]["input_tokens"] == 2400
    assert works["cost_usd"] is None
    assert "made it" not in " ".join(works["argv"])
    assert "401" in found["refused"]["message"]
    assert "usage limit" in found["limited"]["message"]
