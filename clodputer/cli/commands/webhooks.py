"""`clodputer webhooks`: the addresses at which others report events."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import time

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.table import Column, table
from clodputer.store.context import look
from clodputer.views.incoming import webhooks as views
from clodputer.views.incoming.webhooks import Hook

NONE = (
    "config.yaml names no webhook. One of GitHub, whose secret is GITHUB_HOOK in secrets.env:\n\n"
    "  webhooks: {github: {kind: github, secret: '{{ env.GITHUB_HOOK }}'}}\n\n"
    "Then: clodputer install"
)


@click.command()
@json_option
def command() -> Result:
    """List the webhooks: address, sender, and when each last came.

    Webhooks are in config.yaml, under `webhooks`. The system's scheduler listens at these addresses once clodputer install has
    set it up. A proxy or a tunnel of yours makes them reachable from elsewhere. Of a webhook with `ntfy_topic` the address is
    that of the topic, which is asked from time to time.

    \b
    Examples:
      clodputer webhooks
      clodputer webhooks --json
    """
    context = look(os.environ)
    found = views.look(context)
    data = {"webhooks": [hook.to_json() for hook in found]}
    return Result(context.masker.data(data), context.masker.text(_page(found, time())))


def _page(found: Sequence[Hook], now: float) -> str:
    if not found:
        return NONE
    columns = [
        Column("Name"),
        Column("Address"),
        Column("Sender", drops=True),
        Column("Last came", drops=True),
        Column("", gives_way=True),
    ]
    return table(columns, [_row(hook, now) for hook in found])


def _row(hook: Hook, now: float) -> list[str]:
    wrong = [f"{name} is not set in secrets.env" for name in hook.missing]
    wrong += [f"{name} is too short" for name in hook.short]
    wrong += [one_line(hook.trouble, 200)] if hook.trouble else []
    return [
        ink(printable(hook.webhook.name), "bold"),
        one_line(hook.url, 200),
        hook.webhook.kind,
        when.ago(hook.last, now) if hook.last is not None else "never",
        ink("; ".join(map(printable, wrong)), "red") if wrong else "",
    ]
