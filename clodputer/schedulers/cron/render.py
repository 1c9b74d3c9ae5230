"""The lines of a crontab that serve an alarm, in plain words: a shell reads them, and `%` is a line break to cron."""

# Per task a line where cron can say exactly when it is due; and one line for every minute, whose exec serves drops, watched
# folders, and all that cron cannot express or has missed.
from __future__ import annotations

import re
from collections.abc import Sequence

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import template
from clodputer.schedulers.cron import times
from clodputer.schedulers.unit import WEBHOOKS, Alarm, Frame, Unit, unit_stem

EVERY_MINUTE = "* * * * *"
# Letters and digits of all scripts; nothing that means something to any shell, or to cron.
_PLAIN = re.compile(r"[\w@+:,./-]+")
# Debian's cron refuses a command of 999 bytes.
_LONGEST = 990


def render(frame: Frame, alarm: Alarm) -> Unit:
    """The lines that serve this alarm. Raises ClodputerError ("cron_words") when cron cannot be given them."""
    if alarm.kind == WEBHOOKS:
        raise ClodputerError(
            "cron_cannot_listen",
            "cron cannot listen for webhooks, so none is received",
            f"Use systemd or launchd, or have a program that listens start `{frame.shim} receive` for each connection, "
            "as inetd does.",
        )
    name = unit_stem(frame.home, frame.account, alarm.kind, alarm.task)
    command([frame.shim, *alarm.arguments()])
    lines = [line for one in alarm.ring.times for line in times.times(one, frame.zone)]
    values = {"name": name, "task": alarm.task, "times": list(dict.fromkeys(lines)), "shim": frame.shim}
    return Unit(name, alarm.kind, alarm.task, {name: template.filled(f"cron/{alarm.kind}.j2", values)})


def command(words: Sequence[str]) -> str:
    """These words as the command of a line. Raises ClodputerError "cron_words" when cron could not be given them."""
    for word in words:
        if not _PLAIN.fullmatch(word):
            raise ClodputerError(
                "cron_words",
                f"a crontab line cannot hold {word!a}: cron gives it to a shell, which would read it differently",
                "Use a home folder whose path holds only letters, digits and _ @ + : , . / -, such as a symbolic link "
                "to the present one, and name it in CLODPUTER_HOME.",
            )
    text = " ".join(words)
    length = len(text.encode())
    if length > _LONGEST:
        raise ClodputerError(
            "cron_words",
            f"a crontab line of {length} bytes is too long: cron takes {_LONGEST}",
            "Use a home folder with a shorter path.",
        )
    return text
