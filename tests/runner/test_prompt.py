"""Prompts and the other texts of a task, rendered."""

from __future__ import annotations

import pytest

from clodputer.runner.prompt import texts
from tests.runner.prompting import LAST, NONCE, REQUEST, error_of, rendered, unfenced
from tests.workshop import task_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain { } % #", "plain { } % #"),
        ("ends with a line\n", "ends with a line\n"),
        ("{{ env.A }}{{ env['A'] }}\n", "11\n"),
        ("{{ context.x }} {{ context.y }} {{ context.z.deep }}", "task request 3"),
        ("{{ request.id }} {{ request.task }} {{ request.attempt }} {{ request.priority }}", "abcd a 2 3"),
        ("{{ request.created_at }} {{ request.origin.file }}", "2023-11-14T22:13:20.500Z x.md"),
        ("{{ request.origin | tojson }}", '{"trigger": "spool", "file": "x.md"}'),
        ("{% if last.when %}x{% endif %}{{ last.outcome }}{{ last.result }}.", "."),
        ("{{ body }}{% raw %}{{ body }}{% endraw %}", "{{ body }}"),
        ("{{ env.MISSING | default('d') }}{% if env.MISSING is defined %}x{% endif %}", "d"),
        ("{% for name in context %}{{ name }},{% endfor %}", "x,y,z,"),
        ("{{ '<&>' }} {{ {'a': 'ü<'} | tojson }}", '<&> {"a": "ü<"}'),
        ("{% for i in range(3) %}{{ loop.index }}{% endfor %}", "123"),
    ],
)
def test_what_a_prompt_may_name(text: str, expected: str) -> None:
    """Variables, context, request, body and the last run, each as the document says."""
    request = REQUEST._replace(context={"y": "request"})
    context = {"x": "task", "y": "task", "z": {"deep": 3}}
    assert rendered(text, request, environ={"A": "1"}, context=context) == expected


@pytest.mark.parametrize("text", ["{{ body }}", " \n{% if false %}x{% endif %}\t"])
def test_an_empty_prompt_is_refused(text: str) -> None:
    """claude would only say that there is none; a program may well read nothing."""
    error = error_of(text)
    assert (error.code, "the prompt is empty" in error.message) == ("not_started", True)
    assert rendered(text, agent="command", command=("cat",)).strip() == ""


def test_what_no_precheck_brings_is_refused() -> None:
    """The prompt's own file may have been changed since the task was checked."""
    error = error_of("Label {{ precheck }}.")
    assert (error.code, "the task has none" in error.message) == ("not_started", True)
    assert rendered("Label {{ precheck }}.", precheck=("look",)) == "Label ."


def test_the_last_run() -> None:
    """The previous record's outcome, result and end."""
    text = "{{ last.outcome }} {{ last.result.x }} {{ last.when }}"
    assert rendered(text, last=LAST) == "failed 1 E"
    assert rendered("{{ last.result }}|{{ last.when }}", last={"result": None}) == "|"
    assert rendered("{{ last.result }}", last={"result": 0}) == "0"


def test_secrets_come_before_the_environment() -> None:
    """A run by hand and one by the scheduler see the same secret."""
    assert rendered("{{ env.A }}", environ={"A": "shell"}, secrets={"A": "file"}) == "file"


def test_context_may_name_variables() -> None:
    """The task's context is rendered with env, the request's is taken as it is."""
    request = REQUEST._replace(context={"y": "{{ env.A }}"})
    context = {"x": "<{{ env.A }}>", "list": ["{{ env.A }}"], "y": ""}
    assert rendered(
        "{{ context.x }}{{ context.list[0] }}{{ context.y }}", request, environ={"A": "1"}, context=context
    ) == ("<1>1{{ env.A }}")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "a\n{{ env.X }}",
            "/h/tasks/a.yaml: line 2: env.X is not set",
            "Put X=... into /h/secrets.env or the environment of the scheduler.",
        ),
        (
            "{{ context.x }}",
            "/h/tasks/a.yaml: context.x is not set",
            "Give x in the request's context, or a default under context: in /h/tasks/a.yaml.",
        ),
        (
            "{{ request.origin.x }}",
            "/h/tasks/a.yaml: there is no 'x' in that value",
            "Fix the template; for what may be missing write {{ name | default('') }}.",
        ),
        (
            "{{ contxt.x }}",
            (
                "/h/tasks/a.yaml: line 1: unknown name 'contxt' (did you mean 'context'?); "
                "known here: env, context, request, body, event, precheck, state, memory, attempts, last, last_success, error, "
                "file, files, finding, issue, comment, review, check"
            ),
            "Fix /h/tasks/a.yaml.",
        ),
        (
            "{{ env }}",
            "/h/tasks/a.yaml: line 1: env cannot be used as a whole; write env.NAME",
            "Fix /h/tasks/a.yaml.",
        ),
        (
            "{{ 1 / 0 }}",
            "/h/tasks/a.yaml: ZeroDivisionError: division by zero",
            "Fix the template; for what may be missing write {{ name | default('') }}.",
        ),
        (
            "{{ ''.__class__ }}",
            "/h/tasks/a.yaml: access to attribute '__class__' of 'str' object is unsafe",
            "Fix the template; for what may be missing write {{ name | default('') }}.",
        ),
    ],
)
def test_what_cannot_be_rendered(text: str, message: str, hint: str) -> None:
    """What is missing is named, with the file and what to do."""
    error = error_of(text)
    assert (error.code, error.message, error.hint) == ("not_started", message, hint)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'x' * 100000000000 }}",
        "{{ [1] * 100000000000 }}",
        "{{ 100000000000 * 'x' }}",
        "{{ 10 ** 10 ** 10 }}",
        "{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}",
        "{% for i in range(10000000) %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ context.big }}{{ context.big }}",
    ],
)
def test_a_template_that_runs_away(text: str) -> None:
    """Its work is bounded, and the end of it is an error like any other."""
    assert error_of(text, context={"big": "x" * 6_000_000}).code == "not_started"


def test_more_than_claude_takes() -> None:
    """10 MB count in bytes, also without any template."""
    assert "the prompt has 10,000,002 bytes, more than 10,000,000" in error_of("ü" * 5_000_001).message


def test_variables_cannot_be_listed() -> None:
    """Only names that stand in the task are there at all, whatever else the environment holds."""
    environ = {"A": "1", "items": "2", "keys": "3", "_values": "4", "OTHER": "hidden"}
    assert rendered("{{ env.A }}{{ env.items }}{{ env.keys }}{{ env._values }}", environ=environ) == "1234"
    for text in (
        "{{ env.A }}{{ env.values }}",
        "{{ env.A }}{{ env.get }}",
        "{{ env._Env__values }}",
        "{{ env.__class__ }}",
        "{{ env.A.__class__.__mro__ }}",
    ):
        assert "hidden" not in str(error_of(text, environ=environ))


def test_an_error_does_not_tell_secrets() -> None:
    """What an operation says about its operands is masked."""
    error = error_of("{{ {}[env.A] + 1 }}{{ env.A.hunter2_secret }}", secrets={"A": "hunter2_secret"})
    assert "hunter2" not in str(error)
    error = error_of("{{ env.A | int(base=99) }}{{ '%d' % env.A }}", secrets={"A": "hunter2_secret"})
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("no place for it", True),
        ("{{ request.id }}", True),
        ("{# {{ body }} #}", True),
        ("{% raw %}{{ body }}{% endraw %}", True),
        ("{{ body }}", False),
        ("{% if body %}x{% endif %}", False),
        ("{{ request.body }}", False),
        ("{{ request['body'] }}", False),
        ("{{ request | tojson }}", False),
    ],
)
def test_a_body_is_never_lost(text: str, lost: bool) -> None:
    """A request with a text needs a prompt that has a place for it."""
    request = REQUEST._replace(body="please")
    if lost:
        error = error_of(text, request=request)
        assert error.code == "body_unused"
        assert error.hint == "Write {{ body }} where the text belongs, or drop the request without a text."
    else:
        rendered(text, request)


def test_a_command_without_a_prompt_has_no_place_for_a_body() -> None:
    """The same holds where there is no prompt at all."""
    assert rendered("", agent="command", command=("cat",)) == ""
    assert (
        error_of("", request=REQUEST._replace(body="x"), agent="command", command=("cat",)).code
        == "body_unused"
    )


def test_the_latest_run_that_succeeded() -> None:
    """What is to be done since then is not skipped after a run that failed."""
    text = "{{ last.outcome }} {{ last_success.when or 'the last tag' }} {{ last_success.result }}"
    task = task_of("a", "/h/tasks/a.yaml", prompt=text)
    good = {"outcome": "succeeded", "result": "r", "ended_at": "G"}
    assert unfenced(texts.render(task, REQUEST, LAST, {}, {}, good, nonce=NONCE)) == "failed G r"
    assert unfenced(texts.render(task, REQUEST, LAST, {}, {}, nonce=NONCE)) == "failed the last tag "
