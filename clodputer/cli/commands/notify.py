"""`clodputer notify`: the channels and what waits to be sent; a test of a channel."""

from __future__ import annotations

import os
from time import time
from typing import Any, Optional

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.text import notify as text
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.moment import iso
from clodputer.model.text.suggest import did_you_mean
from clodputer.notify import Message
from clodputer.outbox import send
from clodputer.store.context import Context
from clodputer.store.outgoing import outbox
from clodputer.views.overview import notify as views


@click.group(invoke_without_command=True, subcommand_metavar="[test [CHANNEL] | forget]")
@json_option
@click.pass_context
def command(context: click.Context) -> Optional[Result]:
    """List the channels that notify you, and what waits to be sent.

    Channels are in config.yaml, under `notify`. What cannot be delivered is tried again for a day.

    \b
    Examples:
      clodputer notify
      clodputer notify test phone
    """
    if context.invoked_subcommand:
        return None
    found = look(os.environ)
    now = time()
    mail = views.look(found, now)
    return Result(found.masker.data(mail.to_json()), found.masker.text(text.page(mail, now)))


@command.command("test")
@click.argument("channel", default="")
@json_option
def test_channel(channel: str) -> Result:
    """Send a message to a channel, or to each of them, and say whether it was delivered."""
    context = look(os.environ)
    known = context.settings.notify
    if not known or (channel and channel not in known):
        raise _unknown(channel, list(known))
    tested = [_tested(context, name) for name in ([channel] if channel else known)]
    lines = [
        f"{ink(printable(one['channel']), 'bold')}: "
        + (
            ink("delivered", "green")
            if one["delivered"]
            else f"{ink('not delivered', 'red')}: {printable(one['message'])}"
        )
        for one in tested
    ]
    failed = [one for one in tested if not one["delivered"]]
    errors = tuple(
        ClodputerError(
            "undelivered", f"{one['channel']}: {one['message']}", f"Fix it in {context.home.config}."
        )
        for one in failed
    )
    return Result(
        {"tested": tested}, "\n".join(lines), ExitCode.EXPECTED if failed else ExitCode.DONE, errors
    )


@command.command()
@json_option
def forget() -> Result:
    """Remove the messages that were given up."""
    context = look(os.environ)
    number = outbox.forget_dead(context.home)
    return Result({"forgotten": number}, f"Removed: {number}.")


def _tested(context: Context, name: str) -> dict[str, Any]:
    now = time()
    told = Message(
        f"test-{os.getpid()}-{int(now)}",
        "test",
        "A test",
        "This is how you will be notified.",
        "clodputer notify",
        3,
        iso(now),
        send.where(context),
    )
    failure = send.message(context, name, told)
    return {"channel": name, "delivered": failure is None, "message": failure.message if failure else None}


def _unknown(channel: str, known: list[str]) -> ClodputerError:
    if not known:
        return ClodputerError(
            "no_channel", "config.yaml names no channel", "Add one under notify: (docs/notify.md shows how)."
        )
    message = f"there is no channel {channel[:60]!r}{did_you_mean(channel, known)}"
    return ClodputerError("no_channel", message, f"There are: {', '.join(known)}.")
