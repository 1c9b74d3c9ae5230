"""Plugins called for real: every kind of bad one fails by itself, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.triggers.event import Event
from clodputer.runner.plugins import made
from clodputer.store.due import polls
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.taskstate import state
from clodputer.store.triggers import plugins
from tests.runner.plugging import OK, called, plugin
from tests.workshop import alive, events, make_home, write_secrets

GOOD = {
    "status": "ok",
    "state_updates": {"n": 1, "gone": None},
    "events": [{"type": "found", "dedupe_key": "k"}],
}


def says(answer: object) -> str:
    """A line of sh that prints it."""
    return f"printf '%s\\n' '{json.dumps(answer)}'"


def dropped(home: Home) -> list[dict[str, object]]:
    """The events in `new/`."""
    return [json.loads(path.read_text()) for path in sorted(Path(home.new).glob("*.event.json"))]


def test_a_poll(home: Home) -> None:
    """Asked with config, secrets and state; its events and its state are kept, its logs and noise logged, all masked."""
    write_secrets(home, "TOKEN=very-secret-word\n")
    Path(home.config).write_text('plugins: {watcher: {config: {token: "${TOKEN}", url: "${HOME}/x"}}}\n')
    answer = {**GOOD, "logs": ["with very-secret-word"]}
    folder = plugin(
        home, "watcher", f"cat > asked.json; pwd >&2; echo noise; {says(answer)}", config_keys=["token"]
    )
    found = called(home, "watcher")
    assert (found.reason, found.message, found.events) == ("", "", 1)
    asked = json.loads((folder / "asked.json").read_text())
    assert {key: asked[key] for key in ("protocol", "job_id", "command", "state", "event")} == {
        "protocol": 1,
        "job_id": found.job_id,
        "command": "poll",
        "state": {},
        "event": None,
    }
    assert asked["config"] == {"token": "very-secret-word", "url": f"{os.environ['HOME']}/x"}
    assert asked["deadline_at"].endswith("Z")
    (event,) = dropped(home)
    assert (event["from"], event["type"], event["dedupe_key"]) == ("watcher", "found", "k")
    kept = state.read(home, plugins.state_name("watcher"))
    assert (kept.version, kept.by, kept.value) == (1, found.job_id, {"n": 1})
    said = [(line["level"], line["message"]) for line in events(home, "plugin_said")]
    assert said[0] == ("noise", "noise")
    assert "very-secret-word" not in Path(home.log).read_text()
    job = Path(plugins.folder(home, "watcher"), "job")
    assert "very-secret-word" not in "".join(path.read_text() for path in job.iterdir())
    assert not (job / "tmp").exists()
    called(home, "watcher")
    assert json.loads((folder / "asked.json").read_text())["state"] == {"n": 1}


@pytest.mark.parametrize("command", ["health", "init"])
def test_what_only_looks_changes_nothing(home: Home, command: str) -> None:
    plugin(home, "watcher", says(GOOD))
    assert called(home, "watcher", command).reason == ""
    assert (dropped(home), state.newest(home, plugins.state_name("watcher"))) == ([], 0)
    assert plugins.past(home, "watcher").ends == ()


@pytest.mark.parametrize(
    ("script", "reason", "message"),
    [
        ("exit 1", "failed", "status 1"),
        ("echo broken >&2; exit 78", "config", "configuration is wrong: broken"),
        ("kill -9 $$", "failed", "signal 9"),
        ("echo hello", "failed", "not a JSON object"),
        (says({"status": "error", "error": "later"}), "failed", "later"),
        (says({"status": "error", "error": "never", "retry": False}), "config", "never"),
        (f"{says(GOOD)}; exit 3", "failed", "status 3"),
        (f"{says(GOOD)}; echo url is wrong >&2; exit 78", "config", "configuration is wrong: url is wrong"),
        ("head -c 100000000 /dev/zero", "failed", "output_too_large"),
    ],
)
def test_failures(home: Home, script: str, reason: str, message: str) -> None:
    """Each is told and remembered; nothing that it said counts."""
    plugin(home, "watcher", script)
    found = called(home, "watcher")
    assert (found.reason, message in found.message) == (reason, True), found
    (end,) = plugins.past(home, "watcher").ends
    assert (end.outcome, end.reason) == ("failed", reason)
    assert (dropped(home), state.newest(home, plugins.state_name("watcher"))) == ([], 0)
    assert [line["reason"] for line in events(home, "plugin_failed")] == [reason]


@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize(
    "change",
    ["rm {}", "rm {}; mkfifo {}", "rm {}; ln -s /etc/passwd {}", "rm {}; mkdir {}", "rm -r ${TMPDIR%/*}"],
)
def test_one_that_takes_away_its_own_output(home: Home, name: str, change: str) -> None:
    """Nothing waits for what it has put there; that it did so is its failure."""
    write_secrets(home, "TOKEN=very-secret-word\n")
    plugin(home, "watcher", f"{says(GOOD)}; " + change.replace("{}", "${TMPDIR%/*}/" + name))
    found = called(home, "watcher")
    assert (found.reason, "not a JSON object" in found.message) == ("failed", True)
    assert called(home, "watcher").reason == "failed"


@pytest.mark.parametrize("separator", ["\u2028", "\u0085"])
def test_a_line_break_that_is_none_in_json(home: Home, separator: str) -> None:
    """Between lines of noise with braces of their own."""
    answer = json.dumps({**GOOD, "logs": [f"a{separator}b"]}, ensure_ascii=False)
    plugin(home, "watcher", f"echo '{{noise}}'; cat <<'END'\n{answer}\nEND\necho '{{noise}}'")
    found = called(home, "watcher")
    assert (found.reason, found.events) == ("", 1)


@pytest.mark.parametrize(
    ("script", "signalled"),
    [
        ("echo $$ > pid; exec sleep 60", "timeout"),
        ("trap '' TERM HUP INT; echo $$ > pid; while :; do sleep 1; done", "timeout"),
        # Its child keeps the pipe, and it has answered long ago.
        (f"sleep 60 & echo $! > pid; {OK}", ""),
        (f"setsid sleep 60 & echo $! > pid; {OK}", ""),
    ],
)
def test_nothing_outlives_a_call(home: Home, script: str, signalled: str) -> None:
    """However it hangs; what a good one leaves behind is ended, and its answer counts."""
    folder = plugin(home, "watcher", script, timeout="1s")
    began = time.monotonic()
    found = called(home, "watcher")
    assert signalled in found.message
    assert bool(found.reason) == bool(signalled)
    assert not alive(int((folder / "pid").read_text()))
    assert time.monotonic() - began < 50


def test_a_program_must_be_its_own(home: Home, tmp_path: Path) -> None:
    """Inside of its folder, also behind links; nobody else may change it. It is not started, and that is permanent."""
    outside = tmp_path / "outside.sh"
    outside.write_text(f"#!/bin/sh\n{OK}\n")
    outside.chmod(0o700)
    folder = plugin(home, "watcher", OK)
    (folder / "link.sh").symlink_to(outside)
    (folder / "inner.sh").symlink_to("run.sh")
    (folder / "plain.sh").write_text("#!/bin/sh\n")
    for entrypoint, message in (
        ("link.sh", "leads out of the folder"),
        ("../../outside.sh", "leads out of the folder"),
        (str(outside), "leads out of the folder"),
        ("none.sh", "there is no"),
        ("plain.sh", "is not executable"),
        (".", "leads out of the folder"),
        ("inner.sh", ""),
    ):
        plugin(home, "watcher", OK, entrypoint=entrypoint)
        found = called(home, "watcher")
        assert (message in found.message, found.reason) == (True, "config" if message else ""), entrypoint
    plugin(home, "watcher", OK)
    for path in (folder / "run.sh", folder, folder / "manifest.yaml"):
        before = path.stat().st_mode
        path.chmod(0o722 | before)
        found = called(home, "watcher")
        assert (found.reason, "can write to" in found.message) == ("config", True), path
        path.chmod(before)
    assert called(home, "watcher").reason == ""


@pytest.mark.parametrize(
    ("keys", "code", "message"),
    [
        ({"protocol": 2}, "plugin_protocol", "it uses protocol 2"),
        ({"name": "other"}, "plugin_invalid", "expected watcher, the name of its folder"),
        ({"commands": ["dance"]}, "plugin_invalid", "commands"),
        ({"commands": ["health"]}, "plugin_command", "does not know poll"),
    ],
)
def test_what_is_refused_before_anything_is_done(
    home: Home, keys: dict[str, object], code: str, message: str
) -> None:
    folder = plugin(home, "watcher", ": > started")
    plugin(home, "watcher", ": > started", **keys)
    with pytest.raises(ClodputerError) as caught:
        called(home, "watcher")
    assert (caught.value.code, message in caught.value.message) == (code, True)
    assert not (folder / "started").exists()


def test_config_that_is_not_there(home: Home) -> None:
    plugin(home, "watcher", OK, config_keys=["url"])
    assert "needs url" in called(home, "watcher").message
    Path(home.config).write_text('plugins: {watcher: {config: {url: "${NOBODY}"}}}\n')
    assert "${NOBODY}, which is not set. Put NOBODY=... into secrets.env" in called(home, "watcher").message


def test_one_call_at_a_time(home: Home) -> None:
    plugin(home, "watcher", OK)
    called(home, "watcher")
    with Lock(f"{plugins.folder(home, 'watcher')}/{plugins.LOCK}") as held:
        assert held
        with pytest.raises(ClodputerError, match="is being called already"):
            called(home, "watcher")


def test_when_it_is_due(home: Home) -> None:
    """New and changed ones at once, then as their schedule says; a plugin without a schedule never by itself."""
    now = time.time()
    assert polls.due(home, now) == []
    folder = plugin(home, "watcher", OK, schedule={"every": "15m"})
    plugin(home, "byhand", OK)
    assert polls.due(home, now) == ["byhand", "watcher"]
    called(home, "watcher")
    called(home, "byhand")
    assert polls.due(home, time.time()) == []
    assert polls.due(home, time.time() + 900) == ["watcher"]
    assert polls.due(home, time.time() - 90 * 86400) == ["watcher"]
    os.utime(folder / "manifest.yaml", (1e9, 1e9))
    assert polls.due(home, time.time()) == ["watcher"]


@pytest.mark.parametrize("language", made.LANGUAGES)
def test_a_new_one_works(home: Home, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    """It passes its own health check; its first poll brings an event, its second none."""
    monkeypatch.setenv("PATH", f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}")
    made.make(home, "mine", language)
    assert called(home, "mine", "health").reason == ""
    assert [called(home, "mine").events for _ in range(2)] == [1, 0]
    assert [event["type"] for event in dropped(home)] == ["files.changed"]
    with pytest.raises(ClodputerError, match="exists already"):
        made.make(home, "mine", language)
    with pytest.raises(ClodputerError, match="is not a valid name of a plugin"):
        made.make(home, "../x", language)


def test_a_commit_is_finished_after_a_kill(tmp_path: Path) -> None:
    """What was decided and not yet done is done by the next call, once."""
    home = make_home(tmp_path)
    plugin(home, "watcher", says(GOOD))
    called(home, "watcher")
    for path in Path(home.new).iterdir():
        path.unlink()
    past = plugins.past(home, "watcher")
    plugins.commit(home, "watcher", past, 1, {"n": 2}, (Event("feed", "watcher", "late"),))
    for _ in range(2):
        plugins.finish(home, "watcher", time.time())
        kept = state.read(home, plugins.state_name("watcher"))
        assert (kept.version, kept.value) == (2, {"n": 2})
    assert [event["type"] for event in dropped(home)] == ["late"]


def test_a_breaker_that_opens_and_closes_is_logged_once(home: Home) -> None:
    """So that somebody is told of it: after failures in a row, and when a call succeeds again."""
    folder = plugin(home, "weak", "echo broken >&2; exit 1", schedule={"every": "5m"})
    for _ in range(5):
        called(home, "weak")
    (stopped,) = events(home, "plugin_down")
    assert (stopped["plugin"], stopped["failures"]) == ("weak", 3)
    assert stopped["message"].startswith("3 calls failed in a row, the last: ")
    assert events(home, "plugin_works") == []
    (folder / "run.sh").write_text(f"#!/bin/sh\n{OK}\n")
    called(home, "weak")
    called(home, "weak")
    assert [line["plugin"] for line in events(home, "plugin_works")] == ["weak"]
