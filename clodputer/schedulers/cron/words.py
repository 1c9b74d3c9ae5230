"""What may stand in a line of a crontab: plain words, for the person's own SHELL reads it, and `%` is a line break to cron."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clodputer.model import cron
from clodputer.model.errors import ClodputerError

# Letters and digits of all scripts; nothing that means something to any shell, or to cron.
_PLAIN = re.compile(r"[\w@+:,./-]+")
# Debian's cron refuses a command of 999 bytes.
_LONGEST = 990


def command(words: Sequence[str]) -> str:
    """These words as the command of a line. Raises ClodputerError "cron_words" when cron could not be given them."""
    for word in words:
        if not _PLAIN.fullmatch(word):
            raise ClodputerError(
                "cron_words",
                f"a crontab line cannot hold {word!a}: cron gives it to a shell, which would read it otherwise",
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


def wrong(line: str, shim: str, task: str) -> str:
    """What is wrong with a line that is to start `shim exec`, for a task or for none; "" when nothing is."""
    words = line.split()
    fields, rest = words[:5], words[5:]
    try:
        cron.parse(" ".join(fields))
        command(rest)
    except cron.InvalidCron as error:
        return f"{line!a} is no line of a schedule: {error}"
    except ClodputerError as error:
        return error.message
    wanted = [shim, "exec", *(("--task", task) if task else ())]
    if rest[-len(wanted) :] != wanted:
        return f"{line!a} does not end with `{' '.join(wanted)}`"
    return ""
