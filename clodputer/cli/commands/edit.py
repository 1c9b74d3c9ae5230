"""`clodputer edit`: a task file edited as a copy, and replaced only by one that is in order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Callable, Optional

import click

from clodputer.cli.commands import editor
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import consent
from clodputer.cli.steps.firstlooks import first_looks
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.rights.taskchange import Change
from clodputer.store import homes
from clodputer.store.files import atomic, plainfile
from clodputer.store.files.plainfile import Plain
from clodputer.store.home import Home
from clodputer.store.taskfiles import document
from clodputer.tasks import taskfile
from clodputer.views.tasks.written import Written


@click.command()
@click.argument("name", shell_complete=complete.tasks)
@consent.confirm_option
@json_option
@click.pass_obj
def command(as_json: bool, name: str, confirm: bool) -> Result:
    """Edit a task file, and replace it only when it has no mistakes.

    Opens a copy in $VISUAL or $EDITOR. When the editor closes, the copy is checked; if there is a mistake in it, you
    are asked whether to go on editing. If you do not, the copy is kept, and its path is printed. Nobody ever sees a
    half-written task, and a file that somebody else changed meanwhile is not overwritten. A file that you leave unchanged
    is checked, too: the exit code is 1 when it is not in order.

    When an agent calls it, what gives the task more rights, or lets it run, is refused without --confirm (docs/skill.md).

    \b
    Examples:
      clodputer edit nightly
      EDITOR="code --wait" clodputer edit nightly
    """
    return edit(os.environ, name, as_json=as_json, confirm=confirm)


def edit(environ: Mapping[str, str], name: str, *, as_json: bool = False, confirm: bool = False) -> Result:
    """Let a task file be edited, and put what came of it in its place. Raises ClodputerError when it is unchanged, OSError."""
    home = homes.existing(environ)
    path = taskfile.find(home, name)
    program = editor.argv(environ)
    before = _read(path)
    was, _ = taskfile.check_file(home, path, environ)
    draft = _draft(home, name, before.content)
    try:
        content, wrong = _edited(
            program, path, draft, before.content, as_json, lambda text: _check(environ, home, path, text)
        )
    except ClodputerError:
        _forget(draft, before.content)
        raise
    changed = content != before.content
    changes: list[Change] = []
    if changed:
        now, _ = taskfile.check_content(home, path, content, environ)
        changes = consent.of_contents(environ, before.content, content, was, now) if now else []
        consent.require(environ, name, changes, confirm, _kept(path, draft))
        _put(path, before, content, draft)
    os.unlink(draft)
    task, _ = taskfile.check_file(home, path, environ)
    looks = first_looks(environ, [task] if changed and task else [])
    data = Written(name, path, looks, changed, changes).to_json()
    if changed:
        lines = [
            f"{ink('ok', 'green')}  {printable(path)} is replaced",
            *map(printable, consent.lines(changes)),
            *(f"    {printable(one)}" for one in looks),
        ]
        return Result(data, "\n".join(lines))
    if not wrong:
        return Result(data, f"{printable(path)} is unchanged")
    text = f"{printable(wrong)}\n{printable(path)} is unchanged, and {ink('not in order', 'red')}"
    error = ClodputerError("task_invalid", wrong, f"Fix: clodputer edit {name}")
    return Result(data, text, ExitCode.EXPECTED, (error,))


def _check(environ: Mapping[str, str], home: Home, path: str, content: bytes) -> str:
    """What is wrong with a content of the task file, one problem to a line; empty when it is in order."""
    return "\n".join(map(str, taskfile.check_content(home, path, content, environ)[1]))


def _read(path: str) -> Plain:
    try:
        return plainfile.read(path, document.LARGEST)
    except ValueError as error:
        raise ClodputerError("task_invalid", f"{path}: {error}", "Fix it by hand.") from None


def _draft(home: Home, name: str, content: bytes) -> str:
    """A copy under a name that nobody takes for a task, with the ending by which editors know YAML."""
    path = f"{home.tasks}/.{name}.draft-{os.getpid()}.yaml"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content)
    return path


def _edited(
    program: list[str], path: str, draft: str, before: bytes, as_json: bool, check: Callable[[bytes], str]
) -> tuple[bytes, str]:
    """What the person has made of the draft: in order, or as it was before and then with what is wrong with that.

    Raises ClodputerError.
    """
    while True:
        status = editor.open_file(program, draft, quiet=as_json)
        try:
            content = _read(draft).content
        except FileNotFoundError:
            raise ClodputerError(
                "editor_failed", f"the editor removed the copy {draft}", f"{path} is unchanged."
            ) from None
        if status:
            hint = f"{path} is unchanged." if content == before else _kept(path, draft)
            raise ClodputerError("editor_failed", f"{program[0]} ended with status {status}", hint)
        wrong = check(content)
        if not wrong:
            return content, ""
        if editor.asks(as_json) and _again(wrong):
            continue
        if content == before:
            return content, wrong
        raise ClodputerError("task_invalid", wrong, _kept(path, draft))


def _again(wrong: str) -> bool:
    click.echo(printable(wrong))
    try:
        return click.confirm("Edit it again?", default=True)
    except click.Abort:
        return False


def _put(path: str, before: Plain, content: bytes, draft: str) -> None:
    """Replace the task file, if it is still the one that was copied; one that a link names stays behind that link."""
    try:
        now: Optional[Plain] = _read(path)
    except FileNotFoundError:
        now = None
    if now is None or now.content != before.content:
        what = "was removed" if now is None else "was changed by somebody else"
        raise ClodputerError("task_changed", f"{path} {what} while you edited it", _kept(path, draft))
    real = os.path.realpath(path)
    atomic.write(real, content, mode=before.mode)
    os.chmod(real, before.mode)  # the umask may have taken from it


def _forget(draft: str, before: bytes) -> None:
    """Take a draft away in which nothing was written."""
    try:
        if _read(draft).content == before:
            os.unlink(draft)
    except (FileNotFoundError, ClodputerError):
        return


def _kept(path: str, draft: str) -> str:
    return f"What you wrote is kept in {draft}; {path} was not touched. Fix the copy, then move it over the task file."
