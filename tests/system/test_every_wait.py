"""Each thing that a request can wait for, brought about at least once, from the drop on."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.model.gates.usage import FIVE_HOUR, STREAM, Share
from clodputer.model.gates.waiting import WAITS
from clodputer.store import usage
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    execute,
    make_home,
    records,
    write_task,
)

pytestmark = pytest.mark.slow

# What a request waits for: the keys of its task, its own fields, and of how many requests one waits when the first has run.
WAITING: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "not_before": ({}, {"not_before": "+1h"}, 1),
    "retry": ({"command": ["/bin/false"], "retry": {"max_attempts": 2}}, {}, 1),
    "hold": ({}, {}, 1),
    "machine": ({"machines": ["elsewhere"]}, {}, 1),
    "parked": ({"command": ["/bin/false"], "park_after": 1}, {"item": "issue 1"}, 2),
    "breaker": ({"command": ["/bin/false"], "breaker": {"threshold": 1}}, {}, 2),
    "budget": ({"budget": {"runs_per_day": 1}}, {}, 2),
    "exposed": ({}, {}, 1),
    "window": ({"agent": "claude", "prompt": "Do it.", "window": {"stop_at": "10%"}}, {}, 1),
    "approval": ({"approve": "before"}, {}, 1),
    "secret": ({"env": {"KEY": "{{ env.LOCKED }}"}}, {}, 1),
    "disk_ceiling": ({"lane": "full"}, {}, 1),
    "disk": ({"require": {"disk_free": "1TB"}}, {}, 1),
    "memory": ({"require": {"memory_below": "1%"}}, {}, 1),
    "memory_free": ({"require": {"memory_free": "1TB"}}, {}, 1),
}
# What the machine must lack is made up in namespaces of an exec's own.
OF_MACHINES: dict[str, dict[str, Any]] = {
    "power": {"power": "ac"},
    "network": {"network": True},
    "idle": {"idle_for": "366d"},
}
BUSY = {
    "github": "tests/triggers/github/test_exec.py",
    "item": "tests/triggers/github/test_item.py",
    "concurrent": "tests/system/test_concurrent.py",
    "claude_changed": "tests/system/test_try.py",
    "claude_version": "tests/system/test_try.py",
    "login": "tests/system/test_sharing.py",
    "cpu": "tests/system/test_require.py",
    "sandbox": "tests/system/test_sandbox.py",
    "overlap": "tests/runner/test_replace.py",
}


def ask(home: Home, task: str, keys: dict[str, Any], fields: dict[str, Any], number: int) -> None:
    """A task and requests for it, as its trigger would drop them."""
    command = {} if "prompt" in keys else {"agent": "command", "command": ["/bin/true"]}
    write_task(home, task, json.dumps({**command, **keys}))
    origin = {"origin": {"trigger": "cron"}}
    for one in range(number):
        drop(
            home,
            f"{task}-{one}.json",
            json.dumps({"task": task, "id": f"wait-{task[:3]}-{one}", **origin, **fields}),
        )


def waiting(home: Home) -> dict[str, str]:
    """What each task's request waits for, as `queue` says."""
    found = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    # A request that asks for a time of its own says so itself.
    return {
        request["task"]: request["waits"]["reason"]
        if request["waits"]
        else "not_before" * bool(request["not_before"])
        for request in found
    }


def test_each_wait_is_brought_about(tmp_path: Path) -> None:
    """`queue` gives the reason for each request, and everything else of the lane goes on."""
    home = make_home(tmp_path)
    # A store that is locked says nothing.
    Path(home.config).write_text(
        "secrets: {LOCKED: {command: [/bin/false]}}\nlanes: {full: {disk_ceiling: {free: 1TB}}}\n"
    )
    for reason, (keys, fields, number) in WAITING.items():
        ask(home, reason, keys, fields, number)
    ask(home, "free", {}, {}, 1)
    os.chmod(f"{home.tasks}/exposed.yaml", 0o666)  # noqa: S103
    clodputer(home, "pause", "hold")
    usage.keep(home, "claude", {FIVE_HOUR: Share(50, time() + 3600)}, STREAM, time())
    execute(home)
    assert waiting(home) == {reason: reason for reason in WAITING}
    assert [record["outcome"] for record in records(home, "free")] == ["succeeded"]
    assert set(WAITING) | set(OF_MACHINES) | set(BUSY) | {"admission"} == set(WAITS)
    for reason, path in BUSY.items():
        assert reason in Path(path).read_text()


@pytest.mark.waits
def test_another_exec_that_decides_for_ever_is_not_waited_for(tmp_path: Path) -> None:
    """The request waits among the delayed, with the reason `admission`, after five seconds."""
    home = make_home(tmp_path)
    command_task(home, "work", "/bin/true")
    execute(home)
    with Lock(f"{home.ledger}/admission.lock") as held:
        assert held
        drop(home, "work")
        execute(home)
    assert waiting(home) == {"work": "admission"}


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="makes namespaces, as root"
)
def test_what_the_machine_lacks_is_waited_for(tmp_path: Path) -> None:
    """On a battery, without a network and with somebody at a terminal, as the kernel tells it."""
    home = make_home(tmp_path)
    for reason, wanted in OF_MACHINES.items():
        ask(home, reason, {"require": {**wanted, "disk_free": "1KB"}}, {}, 1)
    battery = tmp_path / "supply" / "BAT0"
    battery.mkdir(parents=True)
    values = {
        "status": "Discharging",
        "capacity": "50",
        "energy_now": "10",
        "energy_full": "20",
        "power_now": "1",
    }
    for name, value in values.items():
        (battery / name).write_text(f"{value}\n")
    somebody = struct.pack("hi32s4s32s256s", 7, os.getpid(), b"null", b"1", b"ada", b"")
    (tmp_path / "utmp").write_bytes(somebody.ljust(384, bytes(1)))
    Path("/dev/null").read_bytes()
    script = (
        'mount -t tmpfs none /sys/class && mkdir /sys/class/power_supply && mount --bind "$1" /sys/class/power_supply && '
        'mount -t tmpfs none /run && cp "$2" /run/utmp || exit 77; shift 2; exec "$@"'
    )
    made = subprocess.run(
        [
            *(
                "unshare",
                "--mount",
                "--net",
                "sh",
                "-c",
                script,
                "sh",
                str(battery.parent),
                str(tmp_path / "utmp"),
            ),
            *(sys.executable, "-m", "clodputer", "exec"),
        ],
        env=environment(home),
        capture_output=True,
        text=True,
    )
    if made.returncode in (1, 77) and not records(home, "power"):
        pytest.skip(f"no such namespaces here: {made.stderr}")
    assert waiting(home) == {reason: reason for reason in OF_MACHINES}, made
