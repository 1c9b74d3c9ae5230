"""Which scheduler is used: the one that is asked for, the one that has this home already, or the best that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import Scheduler
from clodputer.schedulers.unit import Answer, FoundUnit, Frame

AUTO = "auto"


class Known(NamedTuple):
    """What was seen of one scheduler. unknown: why it is not known what it has, or ""; code: of that error."""

    answer: Answer
    found: tuple[FoundUnit, ...] = ()
    unknown: str = ""
    code: str = ""


def candidates(platform: str, asked: str = AUTO) -> tuple[str, ...]:
    """The schedulers that this system may have, the best first, and the one that is asked for. Pure."""
    fit = ("launchd", "cron") if platform == "darwin" else ("systemd", "cron")
    return fit if asked in (AUTO, *fit) else (asked, *fit)


def look(schedulers: Mapping[str, Scheduler], frame: Frame, everywhere: bool = False) -> dict[str, Known]:
    """What each of them says, and which units of ours it has. One that cannot be asked stops no other."""
    known = {}
    for name, scheduler in schedulers.items():
        answer = scheduler.answers(frame)
        try:
            known[name] = Known(answer, tuple(scheduler.inspect(frame, everywhere)))
        except ClodputerError as error:
            known[name] = Known(answer, (), error.message, error.code)
    return known


def choose(asked: str, platform: str, known: Mapping[str, Known]) -> str:
    """The scheduler to install with. Pure. Raises ClodputerError when none can be used, saying why of each."""
    if asked != AUTO:
        answer = known[asked].answer
        if not answer.usable:
            raise ClodputerError(
                "scheduler_unusable", f"{asked} cannot be used: {answer.message}", answer.hint
            )
        return asked
    usable = [name for name, seen in known.items() if seen.answer.usable and name in _automatic(platform)]
    # What was chosen once is kept: no file says so, what is installed does.
    kept = [name for name, seen in known.items() if seen.found and seen.answer.usable]
    if len(kept) == 1:
        return kept[0]
    away = [name for name, seen in known.items() if seen.found and not seen.answer.usable]
    if away and not kept:
        # In which shell one happens to be is no reason to change the scheduler.
        answer = known[away[0]].answer
        others = "".join(f"\nTo use {name} instead: clodputer install --scheduler {name}" for name in usable)
        raise ClodputerError(
            "scheduler_away",
            f"{away[0]} has the alarms of this home, and cannot be reached: {answer.message}",
            f"{answer.hint}{others}".strip(),
        )
    if usable:
        return usable[0]
    whys = [f"{name}: {known[name].answer.message}" for name in _automatic(platform) if name in known]
    hints = [known[name].answer.hint for name in _automatic(platform) if name in known]
    raise ClodputerError(
        "no_scheduler",
        "\n".join(["no scheduler of this system can be used", *whys]),
        "\n".join(hint for hint in hints if hint) or "Without one, drops are run by: clodputer exec",
    )


def _automatic(platform: str) -> Sequence[str]:
    # macOS has a cron too, which may not read most of a person's folders and asks for nothing.
    return ("launchd",) if platform == "darwin" else ("systemd", "cron")
