"""The real claude in a strict sandbox of an ordinary user: its work succeeds, and no way leads out of its shell."""

from __future__ import annotations

import json
import os

import pytest

from tests import sandboxing
from tests.fakes.messages_api import Api
from tests.ordinary import account
from tests.system.real_claude import Stage
from tests.workshop import drop, events, records

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = pytest.mark.system


def test_claude_of_an_ordinary_user_gets_nowhere_else(claude_binary: str, api: Api) -> None:
    """It writes by its tools and by the shell, commits, and tries every way out that is known."""
    sandboxing.need_bubblewrap()
    with account(claude_binary) as (somebody, [claude]):
        folder = somebody.folder
        stage = Stage(folder, claude, api)
        stage.work.rmdir()
        with sandboxing.surroundings(stage.home, folder, folder / "person") as facts:
            written = json.dumps({"file_path": f"{stage.work}/by-tool", "content": "text"})
            commit = "git add by-shell && git -c user.name=a -c user.email=a@b commit -qm second"
            told = (
                f"@bash {somebody.python} escapes.py facts.json >ways.json\n"
                f"@bash id -u >by-shell; {commit}\n@tool Write {written}\n@say done\n"
            )
            rule = {"read_deny": ["./.env"], **({"read": somebody.read} if somebody.read else {})}
            stage.task(sandbox=rule, permission_mode="bypassPermissions", i_accept_the_risk=True)
            drop(stage.home, "story.md", f"---\ntask: story\n---\n{told}")
            extra = {
                **stage.environment(),
                "CLODPUTER_HOME": stage.home.root,
                "TMPDIR": str(folder / "t"),
            }
            ended = somebody.run(somebody.python, "-m", "clodputer", "exec", extra=extra)
            assert ended.returncode == 0, ended.stderr
        if not somebody.may_enclose():
            (delayed,) = events(stage.home, "delayed")
            assert (delayed["reason"], "sudo " in delayed["message"]) == ("sandbox", True)
            return
        (record,) = records(stage.home, "story")
        assert (record["outcome"], record["result"]) == ("succeeded", "done"), record["message"]
        assert (record["sandbox"]["level"], record["sandbox"]["put_aside"]) == ("strict", [])
        ways = json.loads((stage.work / "ways.json").read_text())["ways"]
        assert [name for name, out in ways.items() if out] == []
        assert len(ways) > 40
        assert (stage.work / "by-tool").read_text() == "text"
        assert (stage.work / "by-shell").read_text() == f"{os.stat(stage.work).st_uid}\n"
        head = (stage.work / ".git" / "logs" / "HEAD").read_text().splitlines()[-1]
        assert head.endswith("commit: second")
        assert sorted(os.listdir(facts["outside"])) == ["s", "secret"]
        assert (folder / "person" / ".ssh" / "id_rsa").read_text() == "key\n"
        assert os.listdir(folder / "t") == []
