"""Task files: what is accepted, and what is said about everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clodputer.model.proof.expect import Expect
from clodputer.model.queue.score import Score
from clodputer.model.task import Trigger, assemble
from clodputer.tasks import taskfile
from tests.workshop import make_home, write_secrets


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (
            "expect: {result_matches: '['}\n",
            "expect.result_matches: expected a regular expression, found '[' (",
        ),
        ("model: '{{ env.X'\n", "model: the template cannot be read: "),
        ("model: '{{ env.X | shout }}'\n", "model: the template cannot be read: No filter named 'shout'"),
        (f"model: '{{{{ {'(' * 5000} }}}}'\n", "model: the template cannot be read: "),
    ],
)
def test_errors_in_the_words_of_others(text: str, start: str, tmp_path: Path) -> None:
    """Where Python or jinja says what is wrong, its words follow ours."""
    home = make_home(tmp_path)
    path = f"{home.tasks}/x.yaml"
    Path(path).write_text(f"prompt: a\n{text}", encoding="utf-8")
    _, problems = taskfile.check_file(home, path, {})
    assert [str(problem)[: len(f"tasks/x.yaml:2: {start}")] for problem in problems] == [
        f"tasks/x.yaml:2: {start}"
    ]


GOOD: dict[str, dict[str, Any]] = {
    "prompt: a\n": {},
    "prompt: a\nscore: true\n": {"score": Score(40, 30, 10, 10)},
    "prompt: a\nscore: {severity: 60, label: 0}\n": {"score": Score(60, 0, 10, 10)},
    "prompt: a\nallowed_tools: Read\n": {"allowed_tools": ("Read",)},
    "prompt: a\nallowed_tools: []\nsettings_sources: []\n": {"allowed_tools": (), "settings_sources": ()},
    "prompt: a\nsettings_sources: user\n": {"settings_sources": ("user",)},
    "prompt: a\npriority: high\n": {"priority": 4},
    "prompt: a\npriority: 1\nenabled: false\n": {"priority": 1, "enabled": False},
    "prompt: a\ntimeout: 1h30m\nstop_grace: 0s\n": {"timeout": 5400.0, "stop_grace": 0.0},
    "prompt: a\nmax_output: 1.5 KB\n": {"max_output": 1536},
    "prompt: a\nmax_cost_usd: 1\nmax_turns: 7\n": {"max_cost_usd": 1.0, "max_turns": 7},
    "prompt: a\nname: other\n": {"name": "other"},
    "prompt: a\nenv: {A: '1', B: ''}\n": {"env": {"A": "1", "B": ""}},
    "prompt: a\nworking_directory: '~'\n": {"working_directory": "~"},
    "prompt: a\nworking_directory: '{{ env.W }}/x'\n": {"working_directory": "{{ env.W }}/x"},
    "prompt: a\ncontext: {when: 2026-01-01, n: 1, deep: [{x: null}]}\n": {
        "context": {"when": "2026-01-01", "n": 1, "deep": [{"x": None}]}
    },
    "prompt: a\ntrigger: [{type: manual}]\n": {"triggers": (Trigger("manual", {}),)},
    "prompt: a\nexpect:\n  file_exists: b\n  result_matches: '[[]x'\n  json_schema: {type: object}\n": {
        "expect": Expect("[[]x", ("b",), json_schema={"type": "object"})
    },
    "agent: command\ncommand: [echo, '', a b]\n": {
        "agent": "command",
        "prompt": "",
        "command": ("echo", "", "a b"),
    },
    "command: [echo, a]\n": {"agent": "command", "prompt": "", "command": ("echo", "a")},
    "agent: command\ncommand: [cat]\nprompt: '{{ body }}'\ncontext: {a: 1}\n": {
        "agent": "command",
        "command": ("cat",),
        "prompt": "{{ body }}",
        "context": {"a": 1},
    },
    "\ufeffprompt: a\r\nmodel: b\r\n": {"model": "b"},
    "prompt: a\nmodel: &m x\nfallback_model: [*m]\n": {"model": "x", "fallback_model": ("x",)},
}


@pytest.mark.parametrize("text", GOOD)
def test_a_good_file_is_a_task(text: str, tmp_path: Path) -> None:
    """What a file says is what the task holds, and all else has its default."""
    home = make_home(tmp_path)
    path = f"{home.tasks}/x.yaml"
    Path(path).write_bytes(text.encode())
    task, problems = taskfile.check_file(home, path, {})
    expected = assemble({"name": "x", "path": path, "prompt": "a", **GOOD[text]})
    triggers = tuple(trigger._replace(task=expected.name) for trigger in expected.triggers)
    assert (task, problems) == (expected._replace(triggers=triggers), ())


def test_variables_in_typed_keys_are_filled_in(tmp_path: Path) -> None:
    """Numbers, choices and durations may come from the environment or secrets.env, which comes first."""
    home = make_home(tmp_path)
    path = f"{home.tasks}/x.yaml"
    Path(path).write_text(
        "prompt: a\npriority: '{{ env.P }}'\nenabled: '{{ env.E }}'\nlane: '{{ env.L }}'\ntimeout: '{{ env.T }}0m'\n"
        "settings_sources: ['{{ env.S }}']\nmodel: '{{ env.M }}'\n",
        encoding="utf-8",
    )
    write_secrets(home, "L=seven\n")
    environ = {"P": "4", "E": "false", "L": "x", "T": "3", "S": "user", "M": "m"}
    task, problems = taskfile.check_file(home, path, environ)
    assert problems == ()
    assert task is not None
    assert (task.enabled, task.priority, task.lane) == (False, 4, "seven")
    assert (task.limits.timeout, task.claude.settings_sources, task.claude.model) == (
        1800.0,
        ("user",),
        "{{ env.M }}",
    )
    again, _ = taskfile.check_file(home, path, {**environ, "P": "2"})
    assert again is not None
    assert again.priority == 2, "a task that depends on the environment was kept in the cache"


def test_a_wrong_variable_is_not_shown(tmp_path: Path) -> None:
    """What a variable holds never stands in an error: it may be a secret."""
    home = make_home(tmp_path)
    path = f"{home.tasks}/x.yaml"
    keys = [
        "timeout",
        "priority",
        "lane",
        "session",
        "settings_sources",
        "trigger",
        "max_turns",
        "max_output",
        "enabled",
    ]
    Path(path).write_text(
        "prompt: a\n" + "".join(f"{key}: '{{{{ env.SECRET }}}}'\n" for key in keys), encoding="utf-8"
    )
    _, problems = taskfile.check_file(home, path, {"SECRET": "hunter2/hunter2"})
    assert [problem.key.split("[")[0] for problem in problems] == keys
    assert not any("hunter2" in problem.message for problem in problems)
    assert all("found what '{{ env.SECRET }}' gives" in problem.message for problem in problems)


def test_a_readable_secrets_file_is_told_where_it_is_needed(tmp_path: Path) -> None:
    """secrets.env with loose permissions is a problem of the key that needs it."""
    home = make_home(tmp_path)
    Path(home.secrets).write_text("T=5m\n", encoding="utf-8")
    Path(home.secrets).chmod(0o644)
    path = f"{home.tasks}/x.yaml"
    Path(path).write_text("prompt: a\ntimeout: '{{ env.T }}'\n", encoding="utf-8")
    _, problems = taskfile.check_file(home, path, {})
    assert [str(problem) for problem in problems] == [
        f"tasks/x.yaml:2: timeout: other users of this machine may read {home.secrets}; chmod 600 {home.secrets}"
    ]


def test_a_template_error_in_a_prompt_file_has_the_line_of_that_file(tmp_path: Path) -> None:
    """A prompt in a file of its own is checked as well, and its own lines are told."""
    home = make_home(tmp_path)
    prompts = Path(home.tasks, "prompts")
    prompts.mkdir()
    (prompts / "a.md").write_text("one\n{{ contxt.a }}\n", encoding="utf-8")
    path = f"{home.tasks}/x.yaml"
    Path(path).write_text("prompt_file: prompts/a.md\n", encoding="utf-8")
    _, problems = taskfile.check_file(home, path, {})
    assert [str(problem)[:-1] for problem in problems] == [
        (
            f"{prompts}/a.md:2: prompt_file: unknown name 'contxt' (did you mean 'context'?); "
            "known here: env, context, request, body, event, precheck, state, memory, attempts, last, last_success, error, "
            "file, files, finding, issue, comment, review, chec"
        )
    ]
    (prompts / "a.md").write_text("one\n{{ precheck }}\n", encoding="utf-8")
    _, problems = taskfile.check_file(home, path, {})
    assert "{{ precheck }} is what the program under precheck prints" in str(problems[0])
    (prompts / "a.md").write_text("one\n{{ context.a }}\n", encoding="utf-8")
    task, _ = taskfile.check_file(home, path, {})
    assert task is not None
    assert task.prompt_file == f"{prompts}/a.md"


def test_a_prompt_file_at_home_is_that_of_whoever_runs(tmp_path: Path) -> None:
    """`~` is not settled once for all: the cache may serve another HOME."""
    home = make_home(tmp_path)
    Path(tmp_path, "p.md").write_text("one", encoding="utf-8")
    path = f"{home.tasks}/x.yaml"
    Path(path).write_text("prompt_file: ~/p.md\n", encoding="utf-8")
    task, _ = taskfile.check_file(home, path, {"HOME": str(tmp_path)})
    assert task is not None
    assert task.prompt_file == "~/p.md"
    Path(path).write_text("prompt_file: ~/p.md\ndescription: again\n", encoding="utf-8")
    _, problems = taskfile.check_file(home, path, {"HOME": "/nowhere"})
    assert [problem.message for problem in problems] == [
        "/nowhere/p.md cannot be read: No such file or directory"
    ]


@pytest.mark.parametrize("name", ["My Task.yaml", "-x.yaml", "ünlaut.yaml", "a" * 65 + ".yaml"])
def test_a_file_name_that_is_no_task_name(name: str, tmp_path: Path) -> None:
    """A file whose name cannot be a task's says so, and `name:` fixes it."""
    home = make_home(tmp_path)
    path = f"{home.tasks}/{name}"
    Path(path).write_text("prompt: a\n", encoding="utf-8")
    _, problems = taskfile.check_file(home, path, {})
    assert [problem.message.partition(";")[0] for problem in problems] == [
        "the file's name is not a valid task name"
    ]
    Path(path).write_text("prompt: a\nname: mine\n", encoding="utf-8")
    task, _ = taskfile.check_file(home, path, {})
    assert task is not None
    assert task.name == "mine"
