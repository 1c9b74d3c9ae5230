"""The commands by name; a command's file is imported only when that command is chosen."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import Any, Callable, Optional

import click

from clodputer import __version__
from clodputer.model.text.suggest import did_you_mean

# By what they are for, in the order in which a newcomer meets them. Each line is the first sentence of the command's own help,
# which tests/cli/test_main.py compares, and the file is clodputer/cli/commands/<name>.py.
GROUPS = {
    "Begin": {
        "demo": "Watch one request become a recorded run, in a temporary home.",
        "init": "Make the home, with a first task in it.",
        "doctor": "Check everything, and say what is wrong and how to fix it.",
        "install": "Have the system's scheduler start the tasks.",
        "uninstall": "Remove what install has set up.",
        "help": "Show the help of a command, as COMMAND --help does.",
        "explain": "Say what a code means, and what to do about it.",
    },
    "Tasks": {
        "new": "Make a task file from a template, or from JSON.",
        "edit": "Edit a task file, and replace it only when it has no mistakes.",
        "set": "Change keys of a task, and leave the rest of its file as it is.",
        "enable": "Enable tasks that were disabled.",
        "disable": "Keep tasks from running until they are enabled.",
        "remove": "Remove tasks; their files are kept in tasks/removed/.",
        "validate": "Check task files and report every mistake at once.",
        "list": "List the tasks: when they run, and how their last runs ended.",
        "next": "Show the next slot times of tasks, or of a cron expression.",
        "export": "Export one task, with its prompt, as one file.",
        "import": "Take over tasks from elsewhere.",
    },
    "Run": {
        "run": "Run a task now, and show how it ended.",
        "ask": "Ask Claude one question, and print the answer.",
        "try": "Try a task from its scheduler, and record what it can use there.",
        "exec": "Run everything that waits in the spool; schedulers call this.",
    },
    "See what happens": {
        "status": "Show in one screen what runs, waits, failed and comes next.",
        "dashboard": "Show the same on a live screen, with keys to act.",
        "queue": "List the waiting requests, in the order in which they will run.",
        "why": "Say why a task did or did not run, and what it waits for.",
        "inbox": "Show what needs you: approvals, doubtful runs, failed requests.",
        "runs": "List the runs of a task, or of all, the latest first.",
        "show": "Show a run: its outcome, its conversation and its files.",
        "logs": "Show what happened, from the execution log and its archive.",
        "stats": "Show how runs went: success, durations and costs.",
        "costs": "Show what runs cost, by task, day, model, lane or reason.",
        "report": "Write a report of the runs as one HTML file.",
        "advise": "Show what past runs teach, and take or dismiss advice.",
        "bar": "Print the state of the home for a menu bar or a status line.",
    },
    "Decide": {
        "approve": "Approve a request that waits for your decision.",
        "deny": "Deny a request that waits for your decision.",
        "cancel": "Cancel a request that waits, or stop its run.",
        "retry": "Run a request again that failed, was lost or could not be run.",
        "dismiss": "Dismiss requests that were given up, rejected or parked.",
        "reset": "Forget that a task failed, and let its requests run again.",
        "unpark": "Let the requests about a parked item run again.",
        "pause": "Keep the requests of a task, a lane or everything waiting.",
        "resume": "End the hold on a task, a lane, an account or everything.",
        "stop": "Stop everything now: hold all requests, end what runs.",
    },
    "The work of runs": {
        "trees": "List the worktrees of runs, or remove those without work.",
        "diff": "Show what a run has changed in its worktree.",
        "take": "Bring the work of a run's worktree into your checkout.",
        "discard": "Remove a run's worktree, after saving its work elsewhere.",
        "intend": "Ask, from inside a run, for something to be published after it.",
        "outcomes": "Show what became of published work, and what it cost.",
        "state": "Show or change what a task remembers from run to run.",
    },
    "What comes in and goes out": {
        "route": "Show which tasks run when an event comes, and try an event.",
        "plugins": "List the plugins: their last calls, and when they are polled.",
        "plugin": "Call a plugin now, or make a new one.",
        "webhooks": "List the webhooks: address, sender, and when each last came.",
        "receive": "Receive one webhook; the scheduler's listener calls this.",
        "notify": "List the channels that notify you, and what waits to be sent.",
    },
    "For Claude and other programs": {
        "skill": "Install a skill that teaches Claude Code to use Clodputer.",
        "mcp": "Run an MCP server for Claude Code and other agents.",
        "schema": "Print a JSON schema: of a task file, the settings or a command.",
        "statusline": "Record usage from Claude Code, and print its status line.",
        "completion": "Print the completion script for bash, zsh or fish.",
    },
    "Upkeep": {
        "config": "Show the settings and where each comes from, or change one.",
        "prune": "Remove old runs and archived logs now, as exec does once a day.",
        "backup": "Write the home into one archive, while its runs go on.",
        "restore": "Restore a home from an archive made by backup.",
        "verify-records": "Check that no record was changed since it was written.",
        "reclassify": "Judge past runs by today's rules, from their kept streams.",
        "replay": "Replay a recorded run, and judge it by today's rules.",
        "bundle": "Pack a run into one archive for a bug report, secrets masked.",
    },
}
COMMANDS = {name: line for group in GROUPS.values() for name, line in group.items()}

# Never suggested for a word that is no command: a guess must not remove anything.
DELETING = frozenset(("discard", "prune", "remove", "restore", "uninstall"))

WIDTH = len("completion")

SETTINGS = {"help_option_names": ["-h", "--help"]}


class LazyGroup(click.Group):
    """A click group whose commands are listed from COMMANDS and imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (given by click)
        """The names, without importing anything."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Optional[click.Command]:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        # No module can have the name of a word of Python's own.
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command: click.Command = import_module(f"clodputer.cli.commands.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands in the help, without importing them."""
        for title, commands in GROUPS.items():
            with formatter.section(title):
                # The same room for every name; a longer one has a line of its own, so that every description stays on one.
                padded = [(name.ljust(WIDTH), line) for name, line in commands.items()]
                formatter.write_dl(padded, col_max=WIDTH)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[Optional[str], Optional[click.Command], list[str]]:
        """Find the command, or say which one was probably meant."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no such command: {args[0]!r}{did_you_mean(args[0], COMMANDS.keys() - DELETING)}")
        return super().resolve_command(ctx, args)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option --json. `cli/main.py` looks for it itself, as it must be obeyed even when the rest makes no sense."""
    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        help="Print one JSON object on stdout, and nothing else there.",
    )(function)


# The metavar is click's own of some versions, spelled out so that docs/cli.md is the same with all of them.
@click.group(
    cls=LazyGroup,
    context_settings=SETTINGS,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
)
@click.version_option(__version__, "--version", "-V", prog_name="clodputer", message="%(prog)s %(version)s")
@json_option
@click.pass_context
def program(context: click.Context) -> None:
    """Run Claude Code unattended: drop a request, and it is run, cleaned up and recorded.

    The home is ~/.clodputer, or the folder that CLODPUTER_HOME names.

    \b
    Start with:
      clodputer demo
      clodputer init
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
