"""Changes: which tool calls of claude may change something, and whether a task is to change anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clodputer.agents.claude import tools
from clodputer.agents.claude.reading import testcounts
from clodputer.agents.claude.reading.denied import LONGEST_KEPT, MOST_TOLD, commands
from clodputer.agents.claude.reading.repeats import WRITING
from clodputer.agents.lines import text
from clodputer.model.proof.suspect import CHANGES, Done
from clodputer.model.task import Task

# Tools that only look, or that keep notes for the run alone (2.1.329 and 2.1.332). All others may change something, such as
# those of MCP servers and subagents.
LOOKING = frozenset(
    (
        "AskUserQuestion",
        "BashOutput",
        "CronList",
        "EnterPlanMode",
        "ExitPlanMode",
        "Glob",
        "Grep",
        "LS",
        "LSP",
        "ListMcpResourcesTool",
        "NotebookRead",
        "Read",
        "ReadMcpResourceTool",
        "Skill",
        "StructuredOutput",
        "TaskCreate",
        "TaskGet",
        "TaskList",
        "TaskOutput",
        "TaskUpdate",
        "TodoRead",
        "TodoWrite",
        "ToolSearch",
        "WebFetch",
        "WebSearch",
    )
)
# Programs, with the subcommand of those that have some, that look whatever they are given, but for options that nobody uses.
LOOKING_COMMANDS = frozenset(
    (
        "cat",
        "cut",
        "df",
        "diff",
        "du",
        "echo",
        "false",
        "file",
        "git blame",
        "git diff",
        "git log",
        "git ls-files",
        "git rev-parse",
        "git show",
        "git status",
        "grep",
        "head",
        "jq",
        "ls",
        "ps",
        "pwd",
        "rg",
        "stat",
        "tail",
        "test",
        "true",
        "uname",
        "wc",
        "which",
        "whoami",
    )
)
# So many files that were changed are kept, by their paths.
MOST_FILES = 2000
# Modes in which claude changes files without being allowed each tool by name.
_FREE_MODES = frozenset(("acceptEdits", "auto", "bypassPermissions"))


def may_change(name: str, given: Mapping[str, Any]) -> bool:
    """Whether a call may change something; what is not known may."""
    if name != "Bash":
        return name not in LOOKING
    command = text(given.get("command"))
    found = commands(command) if len(command) < LONGEST_KEPT else []
    return not found or not LOOKING_COMMANDS.issuperset(found)


def is_wanted(task: Task) -> bool:
    """Whether a task is to change something: as it says (`produces`), else when it may and no schema asks for its text.

    It may when it allows a tool that changes files, a command that does not only look, or a mode in which files are changed.
    """
    claude = task.claude
    if claude.produces:
        return claude.produces == CHANGES
    if claude.json_schema is not None:
        return False
    forbidden = frozenset(rule for rules in claude.disallowed_tools for rule in tools.split(rules))
    allowed = (rule for rules in claude.allowed_tools for rule in tools.split(rules) if rule not in forbidden)
    return claude.permission_mode in _FREE_MODES or any(map(_is_to_change, allowed))


def _is_to_change(rule: str) -> bool:
    name, _, inside = rule.partition("(")
    if name != "Bash":
        return name in WRITING
    # `Bash(git log:*)`, `Bash(git log *)` and `Bash(git log)` are about one command.
    words = inside.rstrip(")").replace(":*", " ").replace("*", " ").strip()
    return not words or not LOOKING_COMMANDS.issuperset(commands(words) or [""])


def with_results(done: Done, calls: Mapping[str, Any], blocks: Iterable[Mapping[str, Any]]) -> Done:
    """The same with the calls whose results have come. calls: those without a result, by id, each with `name` and `input`."""
    blocks = list(blocks)
    done = done._replace(tests=testcounts.after(done.tests, calls, blocks))
    for block in blocks:
        call = calls.get(text(block.get("tool_use_id")))
        # What was denied, or failed, changed nothing as far as is known.
        if call is None or block.get("is_error") or not may_change(call.name, call.input):
            continue
        done = done._replace(changes=done.changes + 1, edits=done.edits + (call.name in WRITING))
        if call.name in WRITING:
            done = done._replace(files=_with_file(done.files, call.input))
    return done


def operations(done: Done, calls: Mapping[str, Any]) -> int:
    """How many files were written, or are being: calls that did so, and those whose result has not come yet."""
    return done.edits + sum(call.name in WRITING for call in calls.values())


def kept(files: Sequence[str]) -> str:
    """What a run that was stopped leaves behind, as a sentence with the first of the files that it changed."""
    if not files:
        return "It had changed no file before."
    more = f" and {len(files) - MOST_TOLD} more" if len(files) > MOST_TOLD else ""
    return f"Its work is left half done in {', '.join(files[:MOST_TOLD])}{more}."


def _with_file(files: tuple[str, ...], given: Mapping[str, Any]) -> tuple[str, ...]:
    path = text(given.get("file_path") or given.get("notebook_path"))
    # A path of that length has been cut.
    if not path or path in files or len(files) >= MOST_FILES or len(path) >= LONGEST_KEPT:
        return files
    return (*files, path)
