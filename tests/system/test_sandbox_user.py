"""A strict sandbox of an ordinary user: the same ways are closed to a run of somebody who is not root."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from tests import sandboxing
from tests.ordinary import USER, Account, account
from tests.workshop import command_task, drop, events, make_home, records

pytestmark = pytest.mark.slow

# Started with a limit on user name spaces that the kernel keeps for this name space alone: it refuses every further one, as
# a system does whose administrator has allowed none. It becomes the command after it, with the rights of the account.
REFUSING = """
import ctypes, os, sys
user, group = os.getuid(), os.getgid()
if ctypes.CDLL(None).unshare(0x10000000):
    sys.exit("no user name space here")
for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
    with open(f"/proc/self/{name}", "w") as file:
        file.write(text)
with open("/proc/sys/user/max_user_namespaces", "w") as file:
    file.write("0")
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def somebody() -> Iterator[Account]:
    sandboxing.need_bubblewrap()
    with account() as (found, _):
        yield found


def held_back(home: Home) -> str:
    """Why the request waits for its sandbox; nothing was run."""
    (delayed,) = events(home, "delayed")
    assert (delayed["reason"], records(home, "shut")) == ("sandbox", [])
    return str(delayed["message"])


def said(somebody: Account, home: Home, *command: str, before: tuple[str, ...] = ()) -> str:
    """What a command of Clodputer prints for the account; it must end well."""
    argv = (*before, somebody.python, "-m", "clodputer", *command)
    ended = somebody.run(*argv, extra={"CLODPUTER_HOME": home.root})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_no_way_leads_out_for_an_ordinary_user(somebody: Account) -> None:
    folder = somebody.folder
    home: Home = make_home(folder)
    rule: dict[str, Any] = {"read_deny": ["./.env"], **({"read": somebody.read} if somebody.read else {})}
    with sandboxing.surroundings(home, folder, folder / "person"):
        more = f"working_directory: {folder}/work\nsandbox: {json.dumps(rule)}\n"
        command_task(home, "shut", somebody.python, "escapes.py", "facts.json", more=more)
        drop(home, "shut")
        said(somebody, home, "exec")
    if not somebody.may_enclose():
        assert "sudo " in held_back(home)
        return
    (record,) = records(home, "shut")
    stdout = Path(home.runs, "shut", record["run_id"], "stdout").read_text()
    assert record["outcome"] == "succeeded", record
    ways = json.loads(stdout)["ways"]
    assert [name for name, out in ways.items() if out] == []
    assert len(ways) > 40
    assert (folder / "work" / "work").read_text() == "done\n"
    with pytest.raises(KeyError):
        pwd.getpwuid(USER)
    assert os.listdir(folder / "t") == []


def test_a_kernel_that_allows_no_name_spaces_is_told_with_the_remedy(somebody: Account) -> None:
    """The real one refuses the real bubblewrap: nothing is run, and the same request runs where it may."""
    home: Home = make_home(somebody.folder)
    work = somebody.folder / "work"
    work.mkdir()
    command_task(
        home, "shut", "sh", "-c", "echo it ran >ran", more=f"working_directory: {work}\nsandbox: strict\n"
    )
    drop(home, "shut")
    refusing = (somebody.python, "-c", REFUSING)
    said(somebody, home, "exec", before=refusing)
    message = held_back(home)
    assert os.listdir(work) == []
    if not somebody.may_enclose():
        assert "sudo " in message
        return
    assert "sudo sysctl -w user.max_user_namespaces=15000" in message
    assert "max_user_namespaces=15000" in said(somebody, home, "why", "shut", before=refusing)
    (waiting,) = Path(home.lanes, "default", "delayed").iterdir()
    waiting.rename(Path(home.lanes, "default", "queue", "3", waiting.name))
    said(somebody, home, "exec")
    assert [record["outcome"] for record in records(home, "shut")] == ["succeeded"]
    assert os.listdir(work) == ["ran"]
