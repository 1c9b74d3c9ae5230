"""`clodputer export`: one task as a document that another home can import."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Union

import click

from clodputer.archive.tasks import one_task
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Printed, Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic

STDOUT = "-"


@click.command()
@click.argument("task", shell_complete=complete.tasks)
@click.argument("path", metavar="[FILE]", required=False, default=STDOUT)
@click.option("--with-state", is_flag=True, help="Include what the task remembers.")
@json_option
@click.pass_obj
def command(as_json: bool, task: str, path: str, with_state: bool) -> Union[Result, Printed]:
    """Export one task, with its prompt, as one file.

    Another home can import it. It has the task's file as it is, comments included, and the prompt_file below tasks/ that it
    names. FILE is YAML, or JSON when its name ends in .json; without one it is printed. A task in which a secret stands is not
    exported. What holds on this machine only, such as an absolute path, is named.

    \b
    Examples:
      clodputer export nightly nightly.task.yaml
      clodputer export nightly | ssh host clodputer import task -
    """
    data, text, notes = exported(os.environ, task, path, with_state=with_state)
    if as_json:
        return Result(data)
    if path == STDOUT:
        sys.stdout.write(text)
        sys.stdout.flush()
        for note in notes:
            sys.stderr.write(f"{printable(note)}\n")
        return Printed(0)
    return Result(
        data, "\n".join([f"{printable(task)} is exported to {printable(path)}", *map(printable, notes)])
    )


def exported(
    environ: Mapping[str, str], task: str, path: str, *, with_state: bool
) -> tuple[dict[str, Any], str, list[str]]:
    """Export it to a file, unless that is STDOUT; data for programs, the document, and notes for people.

    Raises ClodputerError, OSError.
    """
    made = one_task.export(look(environ), task, with_state=with_state)
    text = one_task.to_text(made.document, as_json=path.endswith(".json"))
    if path != STDOUT:
        try:
            atomic.create(os.path.abspath(os.path.expanduser(path)), text.encode())
        except FileExistsError:
            raise ClodputerError(
                "file_exists", f"{path} exists already", "Choose another name, or remove it."
            ) from None
    data = {
        "task": task,
        "path": None if path == STDOUT else os.path.abspath(os.path.expanduser(path)),
        "document": made.document.to_json(),
        "needs": list(made.needs),
        "warnings": list(made.warnings),
    }
    notes = [f"warning: {warning}" for warning in made.warnings]
    if made.needs:
        notes.append(f"It needs these variables or secrets where it runs: {', '.join(made.needs)}")
    return data, text, notes
