"""What the doctor looks at of the report that is kept fresh: whether its file can be written."""

from __future__ import annotations

from clodputer.model.text.moment import format_duration
from clodputer.model.upkeep import freshreport
from clodputer.store.files.tilde import expand
from clodputer.store.upkeep import freshreport as kept
from clodputer.store.upkeep import lastfailure
from clodputer.views.doctor.finding import Facts, Finding, ok
from clodputer.views.doctor.home.outfile import unwritable


def kept_fresh(facts: Facts) -> list[Finding]:
    """The file, by what the last sweep could do, and by where it lies."""
    path = freshreport.file(facts.settings.report)
    if not path:
        return ok("report", "config.yaml asks for no report that is kept fresh (docs/report.md)")
    path = expand(path, facts.environ)
    said = lastfailure.read(kept.failed(facts.home))
    found = unwritable(facts, "report", "the report", path, said)
    if found:
        return found
    every = format_duration(freshreport.every(facts.settings.report))
    return ok("report", f"{path} is written again every {every}")
