"""Task files whose keys do not fit together, with bad paths, triggers, templates, or no keys at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tasks import told

# What stands in tasks/x.yaml, and every line that is said about it.
BAD: dict[str, tuple[str, list[str]]] = {
    "relative working directory": (
        "prompt: a\nworking_directory: work\n",
        ["2: working_directory: expected an absolute path, or one that begins with ~/, found 'work'"],
    ),
    "another's home": (
        "prompt: a\nworking_directory: ~root/x\n",
        ["2: working_directory: expected an absolute path, or one that begins with ~/, found '~root/x'"],
    ),
    "lane outside": (
        "prompt: a\nlane: ../../etc\n",
        [
            (
                "2: lane: expected 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit, "
                "found '../../etc'"
            )
        ],
    ),
    "name outside": (
        "prompt: a\nname: ../x\n",
        [
            (
                "2: name: expected 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit, "
                "found '../x'"
            )
        ],
    ),
    "no prompt": (
        "description: a\n",
        ["1: expected prompt or prompt_file: what is Claude asked to do?"],
    ),
    "two prompts": (
        "prompt: a\nprompt_file: b.md\n",
        [
            "2: prompt_file: FOLDER/b.md cannot be read: No such file or directory",
            "2: prompt_file: prompt and prompt_file are both given; keep one of them",
        ],
    ),
    "prompt file missing": (
        "prompt_file: b.md\n",
        ["1: prompt_file: FOLDER/b.md cannot be read: No such file or directory"],
    ),
    "prompt file is a folder": ("prompt_file: .\n", ["1: prompt_file: FOLDER/. is not a regular file"]),
    "command for claude": (
        "prompt: a\ncommand: [ls]\n",
        ["2: command: has no effect without agent: command"],
    ),
    "agent command without command": (
        "agent: command\n",
        ["1: expected command: which program does agent: command start?"],
    ),
    "command as text": (
        "agent: command\ncommand: ls -l\n",
        [
            (
                "2: command: expected a list such as [program, argument], found 'ls -l'; no "
                "shell reads it, so each argument is a separate item"
            )
        ],
    ),
    "empty command": (
        "agent: command\ncommand: []\n",
        ["2: command: expected at least the name of a program, found an empty list"],
    ),
    "command without a program": (
        "agent: command\ncommand: ['', x]\n",
        ["2: command: expected at least the name of a program, found a list"],
    ),
    "claude's keys on a command": (
        "agent: command\ncommand: [ls]\nmodel: sonnet\nmax_turns: 3\n",
        [
            "3: model: has no effect with agent: command; remove the line",
            "4: max_turns: has no effect with agent: command; remove the line",
        ],
    ),
    "context that nothing reads": (
        "agent: command\ncommand: [ls]\ncontext: {a: 1}\n",
        ["3: context: has no effect without prompt or prompt_file, which it is for"],
    ),
    "misspelt trigger": (
        "prompt: a\ntrigger:\n  type: manuel\n",
        [
            (
                "3: trigger.type: expected one of at, cron, error_log, file_watch, findings, github, interval, manual, "
                "startup, found 'manuel' "
                "(did you mean 'manual'?)"
            )
        ],
    ),
    "trigger of a list": (
        "prompt: a\ntrigger:\n  - type: manual\n  - type: crom\n",
        [
            (
                "4: trigger[1].type: expected one of at, cron, error_log, file_watch, findings, github, interval, manual, "
                "startup, found 'crom' "
                "(did you mean 'cron'?)"
            )
        ],
    ),
    "trigger as text": (
        "prompt: a\ntrigger: manual\n",
        ["2: trigger: expected a mapping such as {type: manual}, found 'manual'"],
    ),
    "trigger without a type": (
        "prompt: a\ntrigger: {}\n",
        [
            (
                "2: trigger: expected a type, which is one of at, cron, error_log, file_watch, findings, github, interval, "
                "manual, startup"
            )
        ],
    ),
    "key of no trigger": (
        "prompt: a\ntrigger: {type: manual, typ: x}\n",
        ["2: trigger.typ: unknown key (did you mean 'type'?)"],
    ),
    "no trigger at all": (
        "prompt: a\ntrigger: []\n",
        ["2: trigger: expected at least one trigger, found an empty list"],
    ),
    "template of an unknown name": (
        "prompt: |\n  first\n\n  {{ contxt.x }}\n",
        [
            (
                "4: prompt: unknown name 'contxt' (did you mean 'context'?); "
                "known here: env, context, request, body, event, precheck, state, memory, attempts, last, last_success, error, "
                "file, files, finding, issue, comment, review, check"
            )
        ],
    ),
    "what no precheck brings": (
        "prompt: |\n  Label these.\n  {{ precheck }}\n",
        [
            "1: prompt: {{ precheck }} is what the program under precheck prints; add precheck: [program, argument]"
        ],
    ),
    "template of an unknown field": (
        "prompt: '{{ request.bdy }}'\n",
        [
            (
                "1: prompt: there is no request.bdy (did you mean 'body'?); "
                "request has id, task, priority, attempt, origin, created_at, body"
            )
        ],
    ),
    "context outside of a prompt": (
        "prompt: a\nmodel: '{{ context.model }}'\n",
        ["2: model: unknown name 'context'; known here: env"],
    ),
    "environment as a whole": (
        "prompt: '{% for name in env %}{{ name }}{% endfor %}'\n",
        ["1: prompt: env cannot be used as a whole; write env.NAME"],
    ),
    "template that includes": (
        "prompt: '{% include \"/etc/passwd\" %}'\n",
        ["1: prompt: include is not available: a template uses no other files"],
    ),
    "template that takes a name": (
        "prompt: '{% set body = 1 %}x'\n",
        ["1: prompt: 'body' is reserved by Clodputer; choose another name for the variable"],
    ),
    "template in a typed key": (
        "prompt: a\ntimeout: '{{ env.NOT_SET_ANYWHERE }}'\n",
        ["2: timeout: env.NOT_SET_ANYWHERE is not set; put NOT_SET_ANYWHERE=... into secrets.env"],
    ),
    "template as a name": (
        "prompt: a\nname: '{{ env.X }}'\n",
        [
            (
                "2: name: expected 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit, "
                "found '{{ env.X }}'"
            )
        ],
    ),
    "several errors": (
        "prompt: 1\ntimeout: 5\nzzz: 1\nagent: command\n",
        [
            "1: expected command: which program does agent: command start?",
            "1: prompt: expected text, found 1; put it in quotes",
            "2: timeout: expected a duration with its unit, found 5; write 5s or 5m",
            "3: zzz: unknown key",
        ],
    ),
    "empty": ("", ["1: the file is empty; a task needs at least prompt: ..."]),
    "comments only": ("# nothing yet\n", ["1: the file is empty; a task needs at least prompt: ..."]),
    "list": ("- prompt: a\n", ["1: expected keys such as prompt: ..., found none"]),
    "text": ("Please do the dishes\n", ["1: expected keys such as prompt: ..., found none"]),
    "duplicate key": (
        "prompt: a\nmodel: b\nprompt: c\n",
        ["3: the key 'prompt' is given a second time, after line 1"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_broken_rules_are_told_in_full(case: str, tmp_path: Path) -> None:
    """Every error of a file is told, with file, line, key, what was expected and what was found."""
    text, expected = BAD[case]
    assert told.about(text, tmp_path) == [f"tasks/x.yaml:{line}" for line in expected]
