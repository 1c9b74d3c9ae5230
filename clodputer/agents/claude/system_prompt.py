"""What is added to claude's system prompt: the task's own text, what a fence means, how to say that there was nothing to do."""

from __future__ import annotations

from clodputer.model.fence import SENTENCE
from clodputer.model.task import Task

# docs/tasks.md has it, word for word.
NOTHING_TO_DO = (
    "You run unattended: nobody reads along and nobody can answer a question. If you find that there is nothing to do for this "
    "task, change nothing, say so, and make this the last line of your answer, on a line of its own and with the reason in it: "
    '{"nothing_to_do": "why"} '
    "Never write that line when you did what was asked, when you did a part of it, or when something kept you from doing it."
)


def appended(task: Task, *, fenced: bool) -> str:
    """The whole of it. A task with a `json_schema` gets no word on how to say that there is nothing to do: its answer has no
    last line. fenced: the prompt holds text from outside.
    """
    parts = (
        task.claude.append_system_prompt,
        SENTENCE if fenced else "",
        "" if task.claude.json_schema is not None else NOTHING_TO_DO,
    )
    return "\n\n".join(part for part in parts if part)
