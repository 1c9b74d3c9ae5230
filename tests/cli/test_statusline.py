"""`statusline`: what it keeps and prints of what Claude Code gives it, and that nothing on its stdin makes it fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Any, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.cli.statusline import LARGEST, NOTHING_GIVEN, Wanted, parse, shares_in, words
from clodputer.model.config.account import account_in, account_of
from clodputer.model.gates.usage import FIVE_HOUR, SEVEN_DAY, STATUS_LINE, STREAM, Share
from clodputer.model.task import Task
from clodputer.store import usage
from clodputer.store.home import Home
from clodputer.views.doctor import examine
from clodputer.views.doctor.finding import Finding
from tests.wait import until
from tests.workshop import alive, clodputer, environment, make_home, program, write_task


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def said(five_hour: Any = 42.4, seven_day: Any = 63, resets_in: float = 7200, **more: Any) -> dict[str, Any]:
    """What Claude Code 2.1.332 says of a subscription, as far as it matters."""
    reset = int(time() + resets_in)
    windows = {FIVE_HOUR: five_hour, SEVEN_DAY: seven_day}
    limits = {
        kind: {"used_percentage": used, "resets_at": reset}
        for kind, used in windows.items()
        if used is not None
    }
    return {"model": {"id": "claude-opus", "display_name": "Opus"}, "rate_limits": limits, **more}


def draw(
    home: Home, given: bytes, *arguments: str, extra: Optional[Mapping[str, str]] = None
) -> subprocess.CompletedProcess[bytes]:
    """The real program, with these bytes on its stdin."""
    return subprocess.run(
        [sys.executable, "-m", "clodputer", "statusline", *arguments],
        input=given,
        capture_output=True,
        env=environment(home, extra),
        timeout=200,
        check=False,
    )


def known(home: Home, account: str = "claude") -> dict[str, float]:
    return {kind: found.used for kind, found in usage.read(home, account).readings.items()}


def test_what_is_given_is_kept_and_shown(home: Home) -> None:
    ended = draw(home, json.dumps(said()).encode())
    assert (ended.returncode, ended.stderr) == (0, b"")
    line = ended.stdout.decode()
    assert line.startswith("Opus · 5h 42% until ")
    assert " · 7d 63% until " in line
    assert line.count("\n") == 1
    assert known(home) == {FIVE_HOUR: 42.4, SEVEN_DAY: 63}
    assert usage.read(home, "claude").readings[FIVE_HOUR].source == STATUS_LINE


@pytest.mark.parametrize(
    "given",
    [b"", b"\x00\xff garbage", b"[" * 300_000, b'{"rate_limits": ' * 5000, b"x" * (LARGEST + 70_000)],
    ids=["nothing", "garbage", "deep", "deep objects", "too much"],
)
def test_whatever_comes_it_prints_a_line_and_ends_well(home: Home, given: bytes) -> None:
    """It shows what runs have said, if anything is known."""
    usage.keep(home, "claude", {FIVE_HOUR: Share(12, time() + 3600)}, STREAM, time())
    ended = draw(home, given)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(b"5h 12% until ")


def test_without_a_home_it_shows_what_it_was_given(home: Home, tmp_path: Path) -> None:
    ended = draw(home, json.dumps(said()).encode(), extra={"CLODPUTER_HOME": str(tmp_path / "none")})
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(b"Opus \xc2\xb7 5h 42% until ")
    assert not (tmp_path / "none").exists()


def test_a_stdin_that_is_never_closed_or_not_there(home: Home) -> None:
    """In a terminal it says what it is for."""
    argv, environ = [sys.executable, "-m", "clodputer", "statusline"], environment(home)
    reading, writing = os.pipe()
    ours, theirs = os.openpty()
    try:
        for stdin, line in ((reading, b"\n"), (theirs, f"{NOTHING_GIVEN}\n".encode())):
            ended = subprocess.run(
                argv, stdin=stdin, capture_output=True, env=environ, timeout=60, check=False
            )
            assert (ended.returncode, ended.stdout, ended.stderr) == (0, line, b"")
    finally:
        for number in (reading, writing, ours, theirs):
            os.close(number)
    script = ["sh", "-c", '"$@" <&-', "sh", *argv]
    ended = subprocess.run(script, capture_output=True, env=environ, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"\n", b"")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("rate_limits", FIVE_HOUR, SEVEN_DAY, "used_percentage", "resets_at", "model", "display_name")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(value=ANYTHING)
def test_no_json_upsets_it(value: Any) -> None:
    """And what it prints is one harmless line."""
    line = words(json.dumps(value).encode(), "", {"CLODPUTER_HOME": "/nowhere", "HOME": "/nowhere"}, time())
    assert all(letter.isprintable() for letter in line)
    assert all(0 <= found.used <= 1000 for found in shares_in(value).values())


@given(given=st.binary(max_size=60))
@settings(max_examples=50)
def test_no_bytes_upset_it(given: bytes) -> None:
    assert "\n" not in words(given, "", {"CLODPUTER_HOME": "/nowhere", "HOME": "/nowhere"}, time())


def test_a_name_cannot_draw_on_the_terminal(home: Home) -> None:
    evil = said(model={"display_name": "\x1b]0;owned\x07\nOp\u202eus" + "x" * 1000})
    line = words(json.dumps(evil).encode(), "", environment(home), time())
    assert line.isprintable()
    assert len(line) < 120


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], Wanted()),
        (["--account", "claude"], Wanted("claude")),
        (
            ["--account", "claude-0a1b2c3d", "--", "sh", "-c", "x"],
            Wanted("claude-0a1b2c3d", ("sh", "-c", "x")),
        ),
        (["--", "--account"], Wanted("", ("--account",))),
        (["--account"], None),
        (["--account", "../x"], None),
        (["--help"], None),
        (["--"], None),
    ],
)
def test_its_options(arguments: list[str], wanted: Optional[Wanted]) -> None:
    assert parse(arguments) == wanted


def test_whose_use_it_is(home: Home) -> None:
    """The one that is named; else that of a task whose env names the same folder; with a key it is nobody's."""
    other = account_of(Task("a", "a.yaml", env={"CLAUDE_CONFIG_DIR": "/srv/claude"}))
    given, environ = json.dumps(said()).encode(), environment(home)
    words(given, "", {**environ, "CLAUDE_CONFIG_DIR": "/srv/claude/"}, time())
    assert usage.accounts(home) == [other]
    words(given, "", {**environ, "ANTHROPIC_API_KEY": "x"}, time())
    assert usage.accounts(home) == [other]
    words(given, "claude", {**environ, "CLAUDE_CONFIG_DIR": "/srv/claude"}, time())
    assert usage.accounts(home) == ["claude", other]
    assert account_in({"HOME": "/home/me", "CLAUDE_CONFIG_DIR": "/home/me/.claude/"}) == "claude"
    assert account_in({"HOME": "/home/me"}) == "claude"


def test_a_status_line_of_ones_own_is_shown_in_its_place(home: Home, tmp_path: Path) -> None:
    """It gets what we got. One that fails, prints nothing or is not there is replaced by ours."""
    own = program(tmp_path, "own", 'printf "mine: "; grep -o Opus | tail -1; printf "second line"')
    given = json.dumps(said()).encode()
    assert draw(home, given, "--", str(own)).stdout == b"mine: Opus\nsecond line\n"
    assert known(home) == {FIVE_HOUR: 42.4, SEVEN_DAY: 63}
    assert draw(home, given, "--", "/no/such/program").stdout.startswith(b"Opus \xc2\xb7 5h 42%")
    assert draw(home, given, "--", "false").stdout.startswith(b"Opus \xc2\xb7 5h 42%")


def test_a_status_line_of_ones_own_is_bounded(home: Home, tmp_path: Path) -> None:
    """In what it says; and it ends with us, when Claude Code draws a newer one."""
    assert len(draw(home, b"{}", "--", "yes").stdout) <= 65537
    pid = tmp_path / "pid"
    slow = program(tmp_path, "slow", f"echo $$ > {pid}\nexec sleep 60")
    process = subprocess.Popen(
        [sys.executable, "-m", "clodputer", "statusline", "--", str(slow)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(home),
    )
    until(lambda: pid.exists() and bool(pid.read_text()))
    process.terminate()
    stdout, stderr = process.communicate(timeout=100)
    assert (stdout, stderr) == (b"", b"")
    until(lambda: not alive(int(pid.read_text())))


def test_what_is_left_in_the_background_goes_on(home: Home, tmp_path: Path) -> None:
    """As the ones do that fetch what they show the next time; it keeps nobody waiting."""
    done = tmp_path / "done"
    own = program(tmp_path, "own", f"(sleep 1; touch {done}) &\necho quick")
    assert draw(home, b"{}", "--", str(own)).stdout == b"quick\n"
    until(done.exists)


def test_nothing_heavy_is_imported() -> None:
    """Whoever works with Claude Code waits for it."""
    script = "import sys; import clodputer.cli.statusline; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    heavy = {"click", "pydantic", "yaml", "jinja2", "psutil", "rich", "subprocess", "clodputer.model.task"}
    assert heavy.isdisjoint(loaded.split())


def snippet(home: Home, folder: Path) -> list[dict[str, Any]]:
    extra = {"HOME": str(folder), "CLAUDE_CONFIG_DIR": ""}
    found: list[dict[str, Any]] = json.loads(
        clodputer(home, "statusline", "--snippet", "--json", extra=extra)[0]
    )["data"]["snippets"]
    return found


def test_the_snippet_works_and_changes_nothing(home: Home, tmp_path: Path) -> None:
    """For each account that a task of `window` uses; it wraps the status line that is set, also when it is set itself."""
    write_task(home, "mine", "prompt: x\nwindow: {stop_at: 90%}\n")
    write_task(home, "theirs", "prompt: x\nwindow: {stop_at: 90%}\nenv: {CLAUDE_CONFIG_DIR: ~/.other}\n")
    write_task(home, "neither", "prompt: x\nenv: {CLAUDE_CONFIG_DIR: ~/.third}\n")
    path = tmp_path / ".claude" / "settings.json"
    path.parent.mkdir()
    own = "printf '%s' \"it's mine\" | tr a-z A-Z"
    path.write_text(json.dumps({"statusLine": {"type": "command", "command": own}}))
    before = path.read_bytes()
    mine, theirs = snippet(home, tmp_path)
    assert path.read_bytes() == before
    assert (mine["account"], mine["tasks"], mine["settings"]) == ("claude", ["mine"], str(path))
    assert (theirs["tasks"], theirs["settings"]) == (["theirs"], f"{tmp_path}/.other/settings.json")
    assert (mine["wraps"], theirs["wraps"]) == (own, None)
    # As Claude Code runs it.
    shell = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "env": {**environment(home), "HOME": str(tmp_path)},
    }
    process = subprocess.Popen(["sh", "-c", mine["command"]], **shell)  # type: ignore[call-overload]
    assert process.communicate(json.dumps(said()).encode(), timeout=60)[0] == b"IT'S MINE\n"
    assert known(home) == {FIVE_HOUR: 42.4, SEVEN_DAY: 63}
    path.write_text(json.dumps({"statusLine": {"type": "command", "command": mine["command"]}}))
    assert snippet(home, tmp_path)[0]["wraps"] == own
    path.write_text("{broken")
    assert snippet(home, tmp_path)[0]["wraps"] is None
    text = clodputer(home, "statusline", "--snippet")[0]
    assert '"statusLine": {"type": "command", "command": ' in text


def test_status_and_doctor_tell(home: Home) -> None:
    """doctor only where a task goes by it: whether it is fed, by what, and how old it is."""

    def doctor() -> Finding:
        (found,) = examine(environment(home), time(), ["windows"])
        return found

    def status() -> list[Any]:
        return list(json.loads(clodputer(home, "status", "--json")[0])["data"]["usage"])

    assert doctor().message == "no task depends on the usage windows of its account"
    assert status() == []
    write_task(home, "mine", "prompt: x\nwindow: {stop_at: 90%}\n")
    unfed = doctor()
    assert unfed.level == "note"
    assert "nothing was ever seen" in unfed.message
    assert "statusline --snippet" in unfed.remedy
    usage.keep(home, "claude", {FIVE_HOUR: Share(42, time() + 3600)}, STATUS_LINE, time() - 600)
    fed = doctor()
    assert fed.level == "ok"
    assert "42% of the 5-hour window, seen 10m ago by the status line" in fed.message
    (account,) = status()
    assert (account["account"], account["windows"][FIVE_HOUR]["used_percent"]) == ("claude", 42)
    assert "Used of account claude: 42% of its 5-hour window (reset " in clodputer(home, "status")[0]
    Path(usage.path(home, "claude")).write_text("{")
    assert doctor().level == "problem"
    assert "cannot be read" in status()[0]["problem"]
    assert "cannot be read" in clodputer(home, "status")[0]
