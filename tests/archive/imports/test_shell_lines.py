"""Lines as people have them: each call of `claude -p` is found with what it says, and nothing of a line is lost."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.archive.imports import crontab, shell
from clodputer.archive.imports.commands import commands
from clodputer.archive.imports.values import LEFT, TASK, UNSAID, Call, Facts
from clodputer.archive.imports.words import Unreadable

FACTS = Facts("/home/me", "me", "/home/me")
HERE = {"working_directory": "/home/me"}
X = {**HERE, "prompt": "x"}


def found(line: str) -> tuple[tuple[Call, ...], tuple[str, ...]]:
    return shell.read(line, FACTS, {})[:2]


# The whole of the keys of one call.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("claude -p x", X),
    ("claude --print x", X),
    ('claude -p "x"', X),
    ("claude x -p", X),
    ("claude 'x' --print", X),
    ("/usr/local/bin/claude -p x", X),
    ("~/.local/bin/claude -p x", X),
    ('"$HOME/.claude/local/claude" -p x', X),
    ("npx @anthropic-ai/claude-code -p x", X),
    ("npx -y @anthropic-ai/claude-code@latest -p x", X),
    ("npx --yes claude -p x", X),
    ("bunx @anthropic-ai/claude-code -p x", X),
    ("pnpm dlx @anthropic-ai/claude-code -p x", X),
    ("npm exec -- @anthropic-ai/claude-code -p x", X),
    ("node /opt/claude-code/cli.js -p x", X),
    ("cd /srv/app && claude -p x", {"working_directory": "/srv/app", "prompt": "x"}),
    ("cd ~/app; claude -p x", {"working_directory": "/home/me/app", "prompt": "x"}),
    ("cd app && cd ../b && claude -p x", {"working_directory": "/home/me/b", "prompt": "x"}),
    ('cd "$HOME/my app" && claude -p x', {"working_directory": "/home/me/my app", "prompt": "x"}),
    ("(cd /srv && claude -p x)", {"working_directory": "/srv", "prompt": "x"}),
    ("D=/srv/b; cd $D && claude -p x", {"working_directory": "/srv/b", "prompt": "x"}),
    ("env -C /srv claude -p x", {"working_directory": "/srv", "prompt": "x"}),
    ("bash -lc 'claude -p x'", X),
    ('/bin/zsh -ic "claude -p x"', X),
    ("sh -c 'cd /srv && claude -p \"a b\"'", {"working_directory": "/srv", "prompt": "a b"}),
    ("bash -c \"bash -c 'claude -p x'\"", X),
    ("timeout 30m claude -p x", {**X, "timeout": "30m"}),
    ("timeout -k 10 --signal=INT 90 claude -p x", {**X, "timeout": "90s"}),
    ("gtimeout 2h claude -p x", {**X, "timeout": "2h"}),
    ("nice -n 10 ionice -c3 claude -p x", X),
    ("nohup setsid claude -p x &", X),
    ("flock -n /tmp/l claude -p x", X),
    ("flock -w 10 /tmp/l -c 'claude -p x'", X),
    ("/usr/bin/flock -n /tmp/l timeout 5m bash -lc 'claude -p x'", {**X, "timeout": "5m"}),
    ("caffeinate -i claude -p x", {**X, "keep_awake": True}),
    ("systemd-inhibit --what=sleep claude -p x", {**X, "keep_awake": True}),
    ("exec claude -p x", X),
    ("time claude -p x", X),
    ("claude -p x > /dev/null 2>&1", X),
    ("claude -p x >> ~/log.txt 2>> ~/err.txt", X),
    ("claude -p x &> /tmp/l", X),
    ("claude -p x < /dev/null", X),
    ("claude -p < p.md", {**HERE, "prompt_file": "/home/me/p.md"}),
    ("cat p.md | claude -p", {**HERE, "prompt_file": "/home/me/p.md"}),
    ('claude -p "$(cat p.md)"', {**HERE, "prompt_file": "/home/me/p.md"}),
    ("claude -p $(cat ~/p.md)", {**HERE, "prompt_file": "/home/me/p.md"}),
    ("claude -p `cat p.md`", {**HERE, "prompt_file": "/home/me/p.md"}),
    ('claude -p "$(<p.md)"', {**HERE, "prompt_file": "/home/me/p.md"}),
    ('cd /srv && claude -p "$(cat p.md)"', {"working_directory": "/srv", "prompt_file": "/srv/p.md"}),
    ("echo x | claude -p", X),
    ("printf 'a\\nb' | claude -p", {**HERE, "prompt": "a\nb"}),
    ("claude -p <<< x", X),
    ("claude -p <<'E'\nDon't $X\nE\n", {**HERE, "prompt": "Don't $X\n"}),
    ("cat <<E | claude -p\nx y\nE\n", {**HERE, "prompt": "x y\n"}),
    ("claude -p \"$(cat <<'E'\nIt's (here)\nE\n)\"", {**HERE, "prompt": "It's (here)"}),
    ('P=x; claude -p "$P"', X),
    ('claude -p "${P:-x}"', X),
    ("claude -p 'a \"b\" $c'", {**HERE, "prompt": 'a "b" $c'}),
    ("claude -p a\\ b", {**HERE, "prompt": "a b"}),
    ("claude -p $'a\\nb'", {**HERE, "prompt": "a\nb"}),
    ("claude -p x --model sonnet", {**X, "model": "sonnet"}),
    ("claude -p x --model=opus", {**X, "model": "opus"}),
    ("claude -p x --max-turns 5", {**X, "max_turns": 5}),
    ("claude -p x --max-budget-usd 1.5", {**X, "max_cost_usd": 1.5}),
    ("claude -p x --permission-mode acceptEdits", {**X, "permission_mode": "acceptEdits"}),
    ("claude -p x --allowedTools Read Edit", {**X, "allowed_tools": ["Read", "Edit"]}),
    (
        'claude -p x --allowedTools "Read,Bash(git log:*)"',
        {**X, "allowed_tools": ["Read", "Bash(git log:*)"]},
    ),
    (
        "claude -p x --allowed-tools 'Bash(git add:*) Read'",
        {**X, "allowed_tools": ["Bash(git add:*)", "Read"]},
    ),
    ("claude -p --disallowedTools=Bash x", {**X, "disallowed_tools": ["Bash"]}),
    ("claude -p x --append-system-prompt 'Be brief.'", {**X, "append_system_prompt": "Be brief."}),
    ("claude -p x --add-dir ../lib /data", {**X, "add_dirs": ["/home/lib", "/data"]}),
    ("claude -p x --mcp-config mcp.json", {**X, "mcp_config": ["/home/me/mcp.json"]}),
    ("claude -p x --strict-mcp-config", {**X, "mcp_config": ['{"mcpServers": {}}']}),
    ("claude -p x --fallback-model haiku,sonnet", {**X, "fallback_model": ["haiku", "sonnet"]}),
    ("claude -p x --setting-sources user", {**X, "settings_sources": ["user"]}),
    ('claude -p x --json-schema \'{"type": "object"}\'', {**X, "json_schema": {"type": "object"}}),
    ("claude -p x --output-format json --verbose", X),
    ("claude -c -p x", {**X, "session": "continue"}),
    ("claude -cp x", {**X, "session": "continue"}),
    ("claude -p -- -x", {**HERE, "prompt": "-x"}),
    (
        "claude -p --allowedTools Read 'do this please'",
        {**HERE, "allowed_tools": ["Read"], "prompt": "do this please"},
    ),
    ("if true; then claude -p x; fi", X),
    ("claude -p x # the nightly one", X),
]


@pytest.mark.parametrize(("line", "keys"), CALLS, ids=[line for line, _ in CALLS])
def test_a_call_says_all_that_the_line_says(line: str, keys: dict[str, Any]) -> None:
    calls, problems = found(line)
    assert [dict(call.keys) for call in calls] == [keys]
    assert not problems


# What stands in the line and in no key is told, each with a word of what it is.
UNSAID_LINES = [
    ("claude -p x --dangerously-skip-permissions", "dangerously-skip-permissions"),
    ("claude -p x --permission-mode bypassPermissions", "bypassPermissions"),
    ("claude -p x --resume abc", "--resume"),
    ("claude -p x --system-prompt y", "--system-prompt"),
    ("claude -p x --settings s.json", "--settings"),
    ("claude -p x --frobnicate", "--frobnicate"),
    ("claude -p x --effort high", "--effort"),
    ("claude -p x --max-turns many", "--max-turns"),
    ('claude -p "Today is $(date +%F)"', "shell would expand"),
    ('claude -p "$PROMPT"', "shell would expand"),
    ("cd $SOMEWHERE && claude -p x", "$SOMEWHERE"),
    ("git diff | claude -p x", "git diff"),
    ("claude -p x < notes.txt", "notes.txt"),
    ("claude -p x | tee out", "tee out"),
    ("claude -p x | mail -s done me@example.org", "mail -s"),
    (". ~/.profile; claude -p x", ".profile"),
    ("for f in *.md; do claude -p x; done", "loop"),
    ("npx @anthropic-ai/claude-code@1.0.3 -p x", "1.0.3"),
    ("op run -- claude -p x", "op run"),
    ("claude -p", "no prompt"),
    ("claude -p a b", "follows the prompt"),
]


@pytest.mark.parametrize(("line", "word"), UNSAID_LINES, ids=[line for line, _ in UNSAID_LINES])
def test_what_no_key_says_is_named(line: str, word: str) -> None:
    calls, problems = found(line)
    assert len(calls) == 1
    assert not problems
    assert word in " ".join(calls[0].unsaid)


@pytest.mark.parametrize(
    "line", ["git pull && claude -p x", "claude -p x && git push", "claude -p x || mail -s failed me"]
)
def test_what_is_run_beside_it_is_named(line: str) -> None:
    (call,), _ = found(line)
    assert call.beside


PROBLEMS = [
    ("ssh host 'claude -p x'", "ssh"),
    ("sudo -u bob claude -p x", "sudo"),
    ("docker run --rm image claude -p x", "docker"),
    ("find . -name '*.md' | xargs -n1 claude -p", "xargs"),
    ("tmux new -d 'claude -p x'", "tmux"),
    ("claude x", "without -p"),
    ("claude -p 'x", "not closed"),
    ('claude -p "x $(cat y', "not closed"),
]


@pytest.mark.parametrize(("line", "word"), PROBLEMS, ids=[line for line, _ in PROBLEMS])
def test_a_call_that_no_task_can_make_is_told_of(line: str, word: str) -> None:
    calls, problems = found(line)
    assert not calls
    assert word in problems[0]


@pytest.mark.parametrize(
    "line",
    [
        "/usr/bin/backup.sh",
        "claude update",
        "claude mcp list",
        "echo 'claude -p x'",
        "pkill -f 'claude -p'",
        "ls claude",
        "grep -r 'claude -p' /etc",
        "",
        "'",
        "cat claude -p",
    ],
)
def test_what_does_not_call_it_is_left_alone(line: str) -> None:
    assert found(line) == ((), ())


def test_variables_that_are_set_for_it_become_env() -> None:
    (call,), _ = found("export A=1; B=2; C=3 env D=4 claude -p x")
    assert dict(call.env) == {"A": "1", "C": "3", "D": "4"}


SIGNS = st.sampled_from(
    ["claude", "-p", "x", " ", " ", "'", '"', "$(", ")", "`", "&&", "|", ";", "<", "<<E", "\nE\n", "\n", "\\", "$X", "${", "}",
     "--allowedTools", "cd ", "/srv", "bash -c ", "timeout ", "5", "%", "#", "=", "A=1 ", "~", "é", "\0", "*", "@daily ", "(" ]
)  # fmt: skip


@given(st.lists(SIGNS, max_size=30).map("".join))
def test_no_text_is_too_strange(text: str) -> None:
    found(text)
    with suppress(Unreadable):
        commands(text)


@given(st.lists(st.lists(SIGNS, max_size=12).map("".join), max_size=6))
def test_no_line_of_a_table_is_lost(lines: list[str]) -> None:
    text = "\n".join(f"0 3 * * * {line.replace(chr(10), ' ')}x" for line in lines)
    entries = crontab.read(text, FACTS)
    assert {entry.line for entry in entries} == set(range(1, len(lines) + 1))
    assert all(
        entry.fate in (TASK, LEFT, UNSAID) and (entry.fate == TASK or entry.reason) for entry in entries
    )
