"""`clodputer config`: each setting with its value and where that comes from, and the changing of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Optional

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.keys import COUNT, MONEY, NAMED
from clodputer.model.keyvalue import read_text, written
from clodputer.model.settings import BY_NAME, SINGLE, Settings
from clodputer.model.suggest import did_you_mean
from clodputer.model.withunit import Expected
from clodputer.store import home as homes
from clodputer.store import settings
from clodputer.store.home import Home
from clodputer.store.settings import PREFIX, variables
from clodputer.store.tasks.yamlfile import document

# Variables of ours that are no settings.
OTHERS = frozenset(("HOME", "RUN_ID", "TASK", "SESSIONS", "PYTHON"))


@click.group(invoke_without_command=True, subcommand_metavar="[get KEY | set KEY VALUE | unset KEY]")
@json_option
@click.pass_context
def command(context: click.Context) -> Optional[Result]:
    """Show the settings and where each comes from, or change one.

    A setting comes from a variable such as CLODPUTER_TIMEOUT, else from config.yaml, else it is the default. `set` and
    `unset` write config.yaml, and leave all of it that they were not asked about as it is. With --json the settings are
    in data.settings.

    \b
    Examples:
      clodputer config
      clodputer config get timeout
      clodputer config set timeout 30m
      clodputer config unset timeout
    """
    return None if context.invoked_subcommand else listed(homes.existing(os.environ), os.environ)


@command.command()
@click.argument("key")
@json_option
def get(key: str) -> Result:
    """Print the value of one setting."""
    _known(key)
    told = listed(homes.existing(os.environ), os.environ)
    row = next(row for row in told.data["settings"] if row["key"] == key)
    return Result(
        row, printable(str(row["value"] if row["value"] is not None else "")), told.exit_code, told.errors
    )


@command.command("set")
@click.argument("key")
@click.argument("value")
@json_option
def set_(key: str, value: str) -> Result:
    """Write one setting into config.yaml."""
    _known(key)
    if key not in SINGLE:
        message = f"{key} has keys of its own, which this command does not write"
        raise ClodputerError("usage", message, "Edit config.yaml.", ExitCode.USAGE)
    try:
        read_text(SINGLE[key], value)
    except Expected as error:
        message = f"{key}: {error.told(repr(value[:60]))}"
        raise ClodputerError("usage", message, f"See: clodputer config get {key}", ExitCode.USAGE) from None
    return _change(key, value)


@command.command()
@click.argument("key")
@json_option
def unset(key: str) -> Result:
    """Take one setting out of config.yaml."""
    _known(key)
    return _change(key, None)


def listed(home: Home, environ: Mapping[str, str]) -> Result:
    """Every setting with its source, and what is wrong with the file and the variables."""
    from clodputer.store.settings.check import check

    wrong: list[ClodputerError] = []
    checked = check(document(home.config), "config.yaml") if os.path.lexists(home.config) else None
    if checked and checked.problems:
        told = "\n".join(map(str, checked.problems))
        wrong.append(ClodputerError("config_invalid", told, f"Fix {home.config}."))
    names = settings.variables(environ)
    given: dict[str, Any] = {}
    for name in names:
        try:
            given.update(settings.of_environment({name: environ[name]}))
        except ClodputerError as error:
            wrong.append(error)
    wrong += [*_misspelt(environ)]
    rows = []
    for key, default in Settings()._asdict().items():
        value, source = default, "default"
        if checked and key in checked.values:
            value, source = checked.values[key], f"config.yaml line {checked.lines[key]}"
        if key in given:
            value, source = given[key], f"environment {settings.PREFIX}{key.upper()}"
        rows.append(
            {
                "key": key,
                "value": _plain(key, value),
                "source": source,
                "default": _plain(key, default),
                # What holds without a value, in words.
                "unset": BY_NAME[key].absent if value is None or value in ("", {}) else None,
                "help": BY_NAME[key].help,
            }
        )
    problems = "\n".join(ink(f"{printable(error.message)}\n  {error.hint}", "yellow") for error in wrong)
    text = _table(rows) + (f"\n\n{problems}" if problems else "")
    return Result({"settings": rows}, text, ExitCode.EXPECTED if wrong else ExitCode.DONE, tuple(wrong))


def _misspelt(environ: Mapping[str, str]) -> list[ClodputerError]:
    """Variables of our name that are no settings, and look as if they should be."""
    fine = {*variables(environ), *(PREFIX + name for name in OTHERS)}
    found = []
    for name in sorted(environ):
        rest = name[len(PREFIX) :]
        if name.startswith(PREFIX) and name not in fine and environ[name] and not rest.startswith("TEST_"):
            near = did_you_mean(name, [PREFIX + key.upper() for key in SINGLE])
            found.append(
                ClodputerError(
                    "environment_unknown",
                    f"{name} is no setting and has no effect{near}",
                    f"Correct it, or unset {name}.",
                )
            )
    return found


def _plain(key: str, value: Any) -> Any:
    """A value for programs: numbers as such, durations and sizes as they are written, None when it is not set."""
    if value is None or value in ("", {}):
        return None
    return value if BY_NAME[key].kind in (COUNT, MONEY, NAMED) else written(BY_NAME[key], value)


def _table(rows: list[dict[str, Any]]) -> str:
    width = max(len(row["key"]) for row in rows)
    lines = []
    for row in rows:
        value = str(row["value"]) if row["value"] is not None else BY_NAME[row["key"]].absent
        source = "" if row["source"] == "default" else ink(f"  {row['source']}", "cyan")
        shown = ink(value, "dim") if row["source"] == "default" else printable(value)
        lines.append(f"{row['key'].ljust(width)}  {shown}{source}")
    return "\n".join(lines)


def _change(key: str, text: Optional[str]) -> Result:
    from clodputer.store.settings.edit import write

    home = homes.existing(os.environ)
    changed = write(home, key, text)
    wanted = f"{key}: {printable(text)}" if text is not None else f"no {key}"
    told = f"config.yaml {'now has' if changed else 'already had'} {wanted}"
    if key in settings.ruling(os.environ):
        told += f"\n{settings.PREFIX}{key.upper()} is set and comes before it."
    return Result({"key": key, "value": text, "changed": changed}, told)


def _known(key: str) -> None:
    if key not in BY_NAME:
        raise ClodputerError(
            "usage",
            f"there is no setting {key[:60]!r}{did_you_mean(key, BY_NAME)}",
            "See: clodputer config",
            ExitCode.USAGE,
        )
