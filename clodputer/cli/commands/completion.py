"""`clodputer completion`: the script that lets a shell complete commands, tasks and runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Optional

import click

from clodputer.cli.completion.shells import SCRIPTS
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode

# At the end: zsh takes a script for one of its completions by its first word, #compdef.
HINTS = {
    "bash": '# Put this line into ~/.bashrc:      eval "$(clodputer completion bash)"\n',
    "zsh": '# Put this line into ~/.zshrc, below compinit:      eval "$(clodputer completion zsh)"\n',
    "fish": "# Write this into ~/.config/fish/completions/clodputer.fish\n",
}


@click.command()
@click.argument("shell", required=False, type=click.Choice(tuple(SCRIPTS)))
@json_option
def command(shell: Optional[str]) -> Result:
    """Print the completion script for bash, zsh or fish.

    Without SHELL, it is the script for your own shell, which $SHELL names. Its last line says where it goes.

    \b
    Examples:
      clodputer completion
      eval "$(clodputer completion bash)"
      clodputer completion fish > ~/.config/fish/completions/clodputer.fish
    """
    shell = shell or _own(os.environ)
    script = f"{SCRIPTS[shell].rstrip()}\n{HINTS[shell]}".rstrip("\n")
    return Result({"shell": shell, "script": script + "\n"}, script)


def _own(environ: Mapping[str, str]) -> str:
    """The shell that a person has chosen for their account. Raises ClodputerError when it is none that we can complete in."""
    path = environ.get("SHELL", "")
    shell = os.path.basename(path).lstrip("-")
    if shell in SCRIPTS:
        return shell
    own = f"SHELL names {path[:80]!r}" if path else "SHELL is not set"
    each = ", ".join(f"clodputer completion {name}" for name in SCRIPTS)
    raise ClodputerError("usage", f"for which shell? {own}", f"Name it: {each}", ExitCode.USAGE)
