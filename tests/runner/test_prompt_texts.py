"""The other texts of a task, its prompt file and its context, rendered."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.proof.expect import Expect
from clodputer.model.task import Task, Trigger
from clodputer.runner.prompt import texts
from tests.runner.prompting import NONCE, REQUEST, rendered, unfenced
from tests.workshop import task_of


def test_a_prompt_in_a_file(tmp_path: Path) -> None:
    """prompt_file is a template like prompt, read anew for each run; its folder is that of the task."""
    (tmp_path / "tasks").mkdir()
    file = tmp_path / "tasks" / "p.md"
    task = Task("a", str(tmp_path / "tasks" / "a.yaml"), prompt_file="{{ env.NAME }}.md")
    file.write_bytes("\ufeffone\r\n{{ context.x }}".encode())
    request = REQUEST._replace(context={"x": 1})
    assert unfenced(texts.render(task, request, None, {"NAME": "p"}, {}, nonce=NONCE)) == "one\n1"
    assert (
        unfenced(
            texts.render(task, request, None, {"NAME": "~/tasks/p", "HOME": str(tmp_path)}, {}, nonce=NONCE)
        )
        == "one\n1"
    )
    file.write_text("one\n{{ contxt.x }}", encoding="utf-8")
    with pytest.raises(ClodputerError, match=r"p\.md: line 2: unknown name 'contxt'"):
        unfenced(texts.render(task, request, None, {"NAME": "p"}, {}, nonce=NONCE))
    file.unlink()
    with pytest.raises(ClodputerError, match=r"a\.yaml: prompt_file: .*p\.md cannot be read: No such file"):
        unfenced(texts.render(task, request, None, {"NAME": "p"}, {}, nonce=NONCE))
    with pytest.raises(ClodputerError, match=r"a\.yaml: prompt_file: env\.NAME is not set"):
        unfenced(texts.render(task, request, None, {}, {}, nonce=NONCE))


def test_half_characters_do_not_stop_a_run() -> None:
    """JSON and the environment can bring in what no file takes."""
    assert (
        rendered(
            "{{ env.A }}{{ context.x }}", REQUEST._replace(context={"x": "\ud800"}), environ={"A": "\udcff"}
        )
        == "?\ufffd"
    )


def test_the_other_texts_of_a_task() -> None:
    """Every text but prompt and context is rendered with env; `~/` is expanded where a path begins."""
    text = "{{ env.A }}"
    task = task_of(
        "a",
        "/h/tasks/a.yaml",
        description=text,
        prompt=text,
        prompt_file=text,
        context={"x": text},
        command=("~/bin/x", text, "~/y"),
        working_directory="~/{{ env.A }}",
        model=text,
        fallback_model=(text,),
        allowed_tools=("Bash({{ env.A }}:*)",),
        append_system_prompt=text,
        mcp_config=("~/m.json", '{"a": {"b": 1}}'),
        add_dirs=("~", "~/d", "e"),
        settings_sources=("user",),
        json_schema={"a": [text, 1, None, True]},
        env={"B": text},
        requires_mcp=(text,),
        triggers=(Trigger("manual", {"x": text}),),
        expect=Expect(text, ("~/f", text), ("~/g",), ("~/h", "~/i"), {"a": text}),
    )
    got = texts.render_task(task, {"A": "1", "HOME": "/home/a"}, {})
    assert got == task._replace(
        description="1",
        command=("/home/a/bin/x", "1", "~/y"),
        working_directory="/home/a/1",
        claude=task.claude._replace(
            model="1",
            fallback_model=("1",),
            allowed_tools=("Bash(1:*)",),
            append_system_prompt="1",
            mcp_config=("/home/a/m.json", '{"a": {"b": 1}}'),
            add_dirs=("/home/a", "/home/a/d", "e"),
            json_schema={"a": ["1", 1, None, True]},
            requires_mcp=("1",),
        ),
        env={"B": "1"},
        triggers=(Trigger("manual", {"x": "1"}, "a"),),
        expect=Expect("1", ("/home/a/f", "1"), ("/home/a/g",), ("/home/a/h", "~/i"), {"a": "1"}),
    )


def test_a_missing_variable_of_a_key_names_the_key() -> None:
    """The key path is told, so that it need not be searched for."""
    task = Task("a", "/h/tasks/a.yaml", expect=Expect(file_exists=("a", "{{ env.X }}")))
    with pytest.raises(ClodputerError) as caught:
        texts.render_task(task, {}, {})
    assert caught.value.message == "/h/tasks/a.yaml: expect.file_exists[1]: env.X is not set"
    assert caught.value.hint == "Put X=... into /h/secrets.env or the environment of the scheduler."


@pytest.mark.parametrize(
    ("text", "given", "hint"),
    [
        ("Answer {{ context.question }}", ["question"], ""),
        ("{% for each in context %}{{ each }}{% endfor %}", ["anything"], ""),
        ("{{ request | tojson }}", ["anything"], ""),
        ("{{ context['question'] }}", ["question"], ""),
        (
            "no place",
            ["question"],
            "It uses no context at all. Write {{ context.question }} where it belongs.",
        ),
        ("{{ context.question }}", ["qestion"], "It uses question. Write {{ context.qestion }} where"),
        ("{{ body }}", ["body"], "The text of a request is given with --body."),
    ],
)
def test_context_that_is_given_is_used(text: str, given: list[str], hint: str) -> None:
    """What a person has given and the prompt has no place for is an error, and not a question that was never asked."""
    task = task_of("nightly", "/home/tasks/nightly.yaml", agent="claude", prompt=text)
    if not hint:
        texts.check_context(task, given, {}, {})
        return
    with pytest.raises(ClodputerError, match="does not use") as caught:
        texts.check_context(task, given, {}, {})
    assert (caught.value.code, caught.value.hint.startswith(hint)) == ("context_unused", True)
    texts.check_context(task._replace(agent="command"), given, {}, {})
