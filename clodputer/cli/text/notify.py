"""The channels and the outbox in words."""

from __future__ import annotations

from collections.abc import Sequence

from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.table import Column, table
from clodputer.model.notify.letter import PING, Letter
from clodputer.model.text.plural import counted
from clodputer.views.overview.notify import Mail

# So many of each are shown; --json has more.
SHOWN, LONGEST = 10, 300
NONE = "There are no channels, so nobody is notified. Name one in config.yaml, such as: notify: {desk: {type: desktop}}"


def page(mail: Mail, now: float) -> str:
    """All of it."""
    parts = [_channels(mail)]
    if mail.waiting:
        parts.append(
            f"{ink('Waiting', 'bold')}: {counted(len(mail.waiting), 'message')}\n{_rows(mail.waiting, now)}"
        )
    if mail.dead:
        title = f"{ink('Given up', 'red')}: {counted(len(mail.dead), 'message')} in the last seven days"
        parts.append(f"{title}\n{_rows(mail.dead, now)}\nRemove them: clodputer notify forget")
    return "\n\n".join(parts)


def _channels(mail: Mail) -> str:
    if not mail.channels:
        return NONE
    columns = [
        Column("CHANNEL"),
        Column("TYPE"),
        Column("TOLD OF", gives_way=True),
        Column("WAITING", right=True),
    ]
    rows = [
        [
            printable(channel.name),
            channel.type,
            ", ".join(channel.on) if channel.on else "the usual",
            str(channel.waiting or ""),
        ]
        for channel in mail.channels
    ]
    return table(columns, rows)


def _rows(letters: Sequence[Letter], now: float) -> str:
    lines = []
    for letter in letters[:SHOWN]:
        what = f"ping {letter.edge} {letter.task or letter.item}" if letter.channel == PING else letter.title
        whom = "" if letter.channel == PING else f" to {letter.channel}"
        tried = f", tried {counted(letter.tries, 'time')}: {letter.last_error}" if letter.tries else ""
        lines.append("  " + one_line(f"{what}{whom}, of {when.ago(letter.at, now)}{tried}", LONGEST))
    if len(letters) > SHOWN:
        lines.append(f"  and {len(letters) - SHOWN} more")
    return "\n".join(lines)
