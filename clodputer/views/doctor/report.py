"""What the doctor looks at of the report that is kept fresh: whether its file can be written."""

from __future__ import annotations

import os

from clodputer.model import freshreport
from clodputer.model.moment import format_duration
from clodputer.store import freshreport as kept
from clodputer.store import lastfailure
from clodputer.store.tilde import expand
from clodputer.views.doctor.finding import Facts, Finding, ok, problem


def kept_fresh(facts: Facts) -> list[Finding]:
    """The file, by what the last sweep could do, and by where it lies."""
    path = freshreport.file(facts.settings.report)
    if not path:
        return ok("report", "config.yaml asks for no report that is kept fresh (docs/report.md)")
    path = expand(path, facts.environ)
    folder = os.path.dirname(path)
    said = lastfailure.read(kept.failed(facts.home))
    if said:
        return problem(
            "report", f"the report cannot be written: {said}", f"Fix it, or report in {facts.home.config}."
        )
    if not os.path.isdir(folder):
        return problem("report", f"report: there is no folder {folder}", f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        return problem(
            "report",
            f"report: nothing can be written to {folder}",
            f"Give yourself the right to write to {folder}.",
        )
    every = format_duration(freshreport.every(facts.settings.report))
    return ok("report", f"{path} is written anew every {every}")
