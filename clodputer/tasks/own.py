"""The keys that every task may have, whatever runs it: what it is, what is asked for, and where."""

from __future__ import annotations

from clodputer.model.agent import CLAUDE
from clodputer.model.agent import KINDS as AGENTS
from clodputer.model.config.keys import (
    CHOICE,
    FLAG,
    KINDS,
    LINE,
    MAPPING,
    NAME,
    NEVER,
    PATH,
    PRIORITY,
    TEMPLATE,
    TEXT,
    VARIABLES,
    Key,
)
from clodputer.model.task import DEFAULT_LANE, NORMAL

WHAT_IT_IS = (
    Key(
        "name",
        NAME,
        help="The name of the task in requests, commands and folders: 1 to 64 letters, digits, `.`, `_`, `-`, beginning "
        "with a letter or digit. No two files may claim one name, not even in different case.",
        absent="the file's name without its ending",
        env=NEVER,
        example="changelog",
    ),
    Key("description", LINE, "", "Shown to people; never sent to the agent.", example="Keeps the changelog."),
    Key(
        "enabled",
        FLAG,
        default=True,
        help="`false`: its requests are rejected, with a message that says so.",
        example=False,
    ),
    Key(
        "priority",
        PRIORITY,
        NORMAL,
        "Of the waiting requests the one with the highest priority runs first, then the oldest; a day of waiting makes up "
        "for one step. A request may have its own.",
        absent="`normal`",
        example="high",
    ),
    Key(
        "adapt",
        FLAG,
        default=False,
        help="`true`: its requests get a priority one step higher or lower, by how much work its runs do for a "
        "dollar, compared "
        "with the other tasks of its lane. See [adapt](learning.md#adapt).",
        example=True,
    ),
    Key(
        "lane",
        NAME,
        DEFAULT_LANE,
        "Requests of one lane run one after the other, unless `lanes` in `config.yaml` gives it more slots. "
        "Tasks in different lanes do not wait for each other.",
        absent="`default`; `github` for a task with a trigger `github`",
        example="reports",
    ),
    Key(
        "trigger",
        KINDS,
        help="What brings requests in; see [When it runs](#when-it-runs).",
        absent="`type: manual`",
        takes="a mapping with `type`, or a list of them",
        example={"type": "manual"},
    ),
)

ASKED_FOR = (
    Key(
        "agent",
        CHOICE,
        CLAUDE,
        "What runs the task: Claude Code, [another agent](agents.md), or any program. "
        "A file with `command` and without a prompt means the agent `command`.",
        absent="`claude`",
        choices=tuple(AGENTS),
        example=CLAUDE,
    ),
    Key(
        "prompt",
        TEMPLATE,
        "",
        "Sent to the agent on its standard input. For every agent but `command`, exactly one of `prompt` and `prompt_file` is "
        "needed; for `command` both may be absent, and standard input is empty.",
        example="Summarise the inbox.",
    ),
    Key(
        "prompt_file",
        TEXT,
        "",
        "The same, in a separate file. A relative path begins in the folder of the task file.",
        takes="path",
        example="prompts/digest.md",
    ),
    Key(
        "context",
        MAPPING,
        {},
        "Values for `{{ context.x }}` in the prompt. A request may replace each of them.",
        example={"branch": "main"},
    ),
    Key(
        "working_directory",
        PATH,
        "",
        "Where the agent runs, and where relative paths in `expect`, `add_dirs` and `mcp_config` begin.",
        absent="your home folder",
        example="~/projects/site",
    ),
    Key(
        "env",
        VARIABLES,
        {},
        'Variables for the agent\'s environment, beside the few that it always gets. Numbers need quotes: `PORT: "8080"`. '
        "`TMPDIR`, `CLODPUTER_HOME`, `CLODPUTER_RUN_ID` and `CLODPUTER_TASK` are set by Clodputer and cannot be set here.",
        example={"PORT": "8080"},
    ),
)

KEYS = (*WHAT_IT_IS, *ASKED_FOR)
