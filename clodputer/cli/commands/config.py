"""`clodputer config`: each setting with its value and where that comes from, and the changing of one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Optional

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import consent
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.config.keyvalue import read_text
from clodputer.model.config.settingkeys import BY_NAME, SINGLE
from clodputer.model.config.settings import Settings
from clodputer.model.config.withunit import Expected
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.rights import settingwidening
from clodputer.model.rights.taskchange import Change
from clodputer.model.text.suggest import did_you_mean
from clodputer.store import homes, settings
from clodputer.store.home import Home
from clodputer.views.settings import DEFAULT, Setting, listed


@click.group(invoke_without_command=True, subcommand_metavar="[get KEY | set KEY VALUE | unset KEY]")
@json_option
@click.pass_context
def command(context: click.Context) -> Optional[Result]:
    """Show the settings and where each comes from, or change one.

    A setting comes from a variable such as CLODPUTER_TIMEOUT, else from config.yaml, else it is the default. `set` and
    `unset` write config.yaml, and leave everything else in it as it is. With --json the settings are
    in data.settings.

    \b
    Examples:
      clodputer config
      clodputer config get timeout
      clodputer config set timeout 30m
      clodputer config unset timeout
    """
    return None if context.invoked_subcommand else shown(homes.existing(os.environ), os.environ)


@command.command()
@click.argument("key")
@json_option
def get(key: str) -> Result:
    """Print the value of one setting."""
    _known(key)
    found = listed(homes.existing(os.environ), os.environ)
    setting = next(each for each in found.settings if each.key == key)
    value = "" if setting.value is None else printable(str(setting.value))
    return Result(setting.to_json(), value, _code(found.problems), found.problems)


@command.command("set")
@click.argument("key")
@click.argument("value")
@consent.confirm_option
@json_option
def set_(key: str, value: str, confirm: bool) -> Result:
    """Write one setting into config.yaml.

    When an agent calls it, what gives runs more rights is refused without --confirm (docs/skill.md).
    """
    _known(key)
    if key not in SINGLE:
        message = f"{key} has keys of its own, which this command does not write"
        raise ClodputerError("usage", message, "Edit config.yaml.", ExitCode.USAGE)
    try:
        read_text(SINGLE[key], value)
    except Expected as error:
        message = f"{key}: {error.message(repr(value[:60]))}"
        raise ClodputerError("usage", message, f"See: clodputer config get {key}", ExitCode.USAGE) from None
    return _change(key, value, confirm)


@command.command()
@click.argument("key")
@consent.confirm_option
@json_option
def unset(key: str, confirm: bool) -> Result:
    """Take one setting out of config.yaml."""
    _known(key)
    return _change(key, None, confirm)


def shown(home: Home, environ: Mapping[str, str]) -> Result:
    """Every setting with its source, and what is wrong with the file and the variables."""
    found = listed(home, environ)
    problems = "\n".join(
        ink(f"{printable(error.message)}\n  {error.hint}", "yellow") for error in found.problems
    )
    text = _table(found.settings) + (f"\n\n{problems}" if problems else "")
    return Result(found.to_json(), text, _code(found.problems), found.problems)


def _code(problems: Sequence[ClodputerError]) -> ExitCode:
    return ExitCode.EXPECTED if problems else ExitCode.DONE


def _table(settings: Sequence[Setting]) -> str:
    width = max(len(setting.key) for setting in settings)
    lines = []
    for setting in settings:
        value = str(setting.value) if setting.value is not None else BY_NAME[setting.key].absent
        usual = setting.source == DEFAULT
        source = "" if usual else ink(f"  {setting.source}", "cyan")
        lines.append(
            f"{setting.key.ljust(width)}  {ink(value, 'dim') if usual else printable(value)}{source}"
        )
    return "\n".join(lines)


def _change(key: str, value: Optional[str], confirm: bool) -> Result:
    from clodputer.store.settings.edit import write

    def allowed(was: Optional[Settings], now: Settings) -> None:
        if settingwidening.widens(key, was, now):
            before = getattr(was or Settings(), key)
            found = Change(key, before or None, getattr(now, key) or None, widens=True)
            consent.require(os.environ, "every task", [found], confirm)

    home = homes.existing(os.environ)
    changed = write(home, key, value, allowed)
    wanted = f"{key}: {printable(value)}" if value is not None else f"no {key}"
    text = f"config.yaml {'now has' if changed else 'already had'} {wanted}"
    if key in settings.ruling(os.environ):
        text += f"\nThe environment variable {settings.PREFIX}{key.upper()} is set and overrides it."
    return Result({"key": key, "value": value, "changed": changed}, text)


def _known(key: str) -> None:
    if key not in BY_NAME:
        raise ClodputerError(
            "usage",
            f"there is no setting {key[:60]!r}{did_you_mean(key, BY_NAME)}",
            "See: clodputer config",
            ExitCode.USAGE,
        )
