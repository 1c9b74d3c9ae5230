"""What was set aside, as `show`, `why`, `queue` and `retry` tell of it: why, and what fixes it."""

from __future__ import annotations

from pathlib import Path
from time import time

from clodputer.cli.commands.queue import aside
from clodputer.cli.commands.show import show
from clodputer.cli.commands.validate import validate
from clodputer.cli.terminal.ink import without
from clodputer.store.home import Home
from tests.workshop import ROOT, clodputer, command_task, drop, environment, execute, write_task

# A crontab that is played.
CRONTAB = {"PATH": f"{ROOT}/tests/fakes:/usr/bin:/bin"}


def test_a_request_that_was_rejected(home: Home) -> None:
    """With the reason, what is in its way now, and the commands that fix it; a link is not followed."""
    write_task(home, "broken", "promt: x\n")
    drop(home, "a.json", '{"task": "broken"}')
    Path(home.tmp, "link").symlink_to(home.config)
    Path(home.tmp, "link").rename(f"{home.new}/link.json")
    execute(home)
    environ = environment(home)
    result = show(environ, "a.json")
    assert (result.data["place"], result.data["file"], result.data["task"]) == (
        "rejected",
        "a.json",
        "broken",
    )
    assert result.data["trouble"]["code"] == "task_invalid"
    assert result.data["fix"] == "Fix: clodputer edit broken. Then: clodputer retry rejected/a.json"
    assert result.data["content"] == '{"task": "broken"}'
    for words in ("a.json was rejected", "promt: unknown key", result.data["fix"], result.data["path"]):
        assert words in " ".join(without(result.text).split())
    command_task(home, "broken", "/bin/true")
    result = show(environ, "rejected/a.json")
    assert (result.data["trouble"], result.data["fix"]) == (
        None,
        "Run it again: clodputer retry rejected/a.json",
    )
    assert "The cause is fixed." in result.text
    assert show(environ, "link").data["content"] is None


def test_a_request_that_was_given_up_and_never_ran(home: Home) -> None:
    command_task(home, "nightly", "/bin/true")
    drop(home, "a.json", '{"task": "nightly", "id": "mine-0001", "expires_at": "2020-01-01T00:00:00Z"}')
    execute(home)
    stdout, _ = clodputer(home, "show", "mine")
    assert "was given up" in stdout
    assert "Run it again: clodputer retry mine-0001" in stdout
    assert clodputer(home, "show", "mine", "--files")[0] == stdout


def test_a_request_that_waits(home: Home) -> None:
    """There is nothing of it to show yet; where it is, is said."""
    drop(home, "a.json", '{"task": "nightly", "id": "mine-0001"}')
    _, stderr = clodputer(home, "show", "mine-0001", status=1)
    assert "request mine-0001 has not begun to run: it is dropped" in stderr
    assert f"All that it says: {home.new}/a.json" in " ".join(stderr.split())


def test_a_reason_that_several_have_is_told_once(home: Home) -> None:
    """And without the sentence that is the same for all; programs get each as it is."""
    write_task(home, "broken", "promt: x\ntimeot: 5\n")
    for number in range(3):
        drop(home, f"a{number}.json", '{"task": "broken"}')
        drop(home, f"b{number}.json", '{"tsk": "broken"}')
    for number in range(3):
        drop(home, f"c{number}.xml", "<a/>\n")
    execute(home)
    result = aside(environment(home), "rejected", 20, time())
    text = " ".join(without(result.text).split())
    assert text.count("expected prompt or prompt_file") == text.count("unknown field 'tsk'") == 1
    assert text.count("it has none of the forms") == text.count("(and 2 more)") == 1
    assert text.count("(the same)") == 6
    assert text.count("Drop NAME.json or NAME.yaml") == 1
    assert "clodputer retry rejected/FILE" in text
    reasons = [one["reason"] for one in result.data["requests"]]
    assert sum("Drop NAME.json or NAME.yaml" in reason for reason in reasons) == 6
    assert sum("timeot" in reason for reason in reasons) == 3


def test_each_mistake_says_what_mends_it(home: Home) -> None:
    """Of a task file, whoever meets it; a person is told once for each file."""
    write_task(home, "broken", "prompt: x\ntimeot: 5\nprioriti: 1\n")
    told = validate(environment(home), (), time())
    assert {error.hint for error in told.errors} == {"Fix: clodputer edit broken"}
    text, _ = clodputer(
        home,
        "install",
        "--scheduler",
        "cron",
        "--dry-run",
        status=1,
        extra={**CRONTAB, "FAKE_CRONTAB": home.root},
    )
    assert (text.count("unknown key"), text.count("Fix: clodputer edit broken")) == (2, 1)


def test_what_is_put_back_is_named_plainly(home: Home) -> None:
    """No sign that colours a terminal is printed as letters: neither of a request nor of an event, which has no task."""
    drop(home, "a.json", '{"task": "nightly"}')
    drop(home, "b.event.json", '{"from": "ci", "kind": "x"}')
    execute(home)
    command_task(home, "nightly", "/bin/true")
    Path(home.rejected, "b.event.json").write_text('{"from": "ci", "type": "x"}')
    said = [clodputer(home, "retry", f"rejected/{name}")[0] for name in ("a.json", "b.event.json")]
    assert [text.split(" put back as ")[0] for text in said] == ["nightly", "The file"]
