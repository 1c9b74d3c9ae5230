"""`clodputer mcp`: the MCP server, which an agent's program starts and ends; to anybody else it says how that is set up."""

from __future__ import annotations

import os
import sys
from json import dumps
from shlex import join

import click

from clodputer.cli.group import json_option
from clodputer.cli.mcp.protocol import VERSIONS
from clodputer.cli.mcp.server import ABOUT, Server
from clodputer.cli.mcp.tools import TOOLS
from clodputer.cli.result import Printed, Result
from clodputer.cli.terminal.ink import ink, is_terminal
from clodputer.views.figures.snippets import program

_STDIN, _STDOUT = 0, 1


@click.command()
@json_option
@click.pass_obj
def command(as_json: bool) -> object:
    """Run an MCP server for Claude Code and other agents.

    Speaks the Model Context Protocol on standard input and output, for as long as its client is there: list, status, runs,
    show, why, explain, run (which only puts a request into the queue), create, edit and cancel, each with the checks of its
    command. In a terminal, and with --json, it only says how it is set up.

    \b
    Examples:
      claude mcp add clodputer -- clodputer mcp
      clodputer mcp --json
    """
    if as_json or sys.stdin is None or is_terminal(sys.stdin):
        return _how()
    Server(_STDIN, _STDOUT, os.environ).serve()
    return Printed(0)


def _how() -> Result:
    """How the server is set up, and what it offers."""
    words = [*program(os.environ), "mcp"]
    chosen = os.environ.get("CLODPUTER_HOME")
    server = {
        "command": words[0],
        "args": words[1:],
        **({"env": {"CLODPUTER_HOME": chosen}} if chosen else {}),
    }
    configuration = {"mcpServers": {"clodputer": server}}
    variables = ["-e", f"CLODPUTER_HOME={chosen}"] if chosen else []
    add = join(["claude", "mcp", "add", *variables, "clodputer", "--", *words])
    data = {
        "versions": list(VERSIONS),
        "tools": [{"name": tool.name, "command": tool.command, "changes": tool.changes} for tool in TOOLS],
        "configuration": configuration,
        "add": add,
    }
    lines = [
        "This is for programs: an agent's program starts it and speaks with it. In Claude Code:",
        f"  {ink(add, 'bold')}",
        "or, for any program that takes a file of MCP servers:",
        f"  {dumps(configuration)}",
        f"Tools: {', '.join(tool['name'] for tool in ABOUT.tools)}",
    ]
    return Result(data, "\n".join(lines))
