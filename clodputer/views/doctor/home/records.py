"""What the doctor looks at of records: those of the last days against their seals, and what a person has dismissed."""

from __future__ import annotations

from time import gmtime, strftime

from clodputer.model.text.plural import counted
from clodputer.store.taskstate import dismissed
from clodputer.views.doctor.finding import Facts, Finding, ok, problem
from clodputer.views.runs import sealed

# `verify-records` looks at all of them.
DAYS = 7


def records(facts: Facts) -> list[Finding]:
    """The chains of the last days, and the records that they seal."""
    since = strftime("%Y-%m-%d", gmtime(facts.now - DAYS * 86400))
    found = sealed.verify(facts.home, with_log=False, since=since)
    number = sum(day.number for day in found.days)
    wrong = [f"{day.day}: {fault.message}" for day in found.days for fault in (*day.faults, *day.wrong)]
    if not wrong:
        return ok(
            "records", f"{counted(number, 'seal')} of the last {DAYS} days: every record is as it was written"
        )
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return problem(
        "records",
        f"records were changed after they were written: {wrong[0]}{more}",
        "clodputer verify-records",
    )


def advice(facts: Facts) -> list[Finding]:
    """The file that says which advice was dismissed: while it cannot be read, all is listed and none can be dismissed."""
    fault = dismissed.fault(facts.home)
    if fault is not None:
        return problem("advice", f"{fault.message}, so all of it is listed", fault.hint)
    number = len(dismissed.read(facts.home))
    return ok("advice", f"{counted(number, 'piece')} of advice dismissed")
