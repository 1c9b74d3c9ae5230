"""What the doctor looks at of metrics: whether the file that config.yaml names can be written, and will be collected."""

from __future__ import annotations

from clodputer.store.files.tilde import expand
from clodputer.store.upkeep import metrics
from clodputer.views.doctor.finding import Facts, Finding, note, ok
from clodputer.views.doctor.home.outfile import unwritable


def textfile(facts: Facts) -> list[Finding]:
    """The file, by what the last drain could do, and by where it lies."""
    if not facts.settings.metrics:
        return ok("metrics", "config.yaml names no file for metrics (docs/metrics.md)")
    path = expand(facts.settings.metrics, facts.environ)
    found = unwritable(facts, "metrics", "metrics", path, metrics.problem(facts.home))
    if found:
        return found
    if not path.endswith(".prom"):
        remedy = f"Call it {path}.prom in {facts.home.config}."
        return note("metrics", f"node_exporter reads only files that end in .prom, and not {path}", remedy)
    return ok("metrics", f"{path} is written after each exec that had something to do")
