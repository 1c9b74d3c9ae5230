"""What the doctor looks at of metrics: whether the file that config.yaml names can be written, and will be collected."""

from __future__ import annotations

import os

from clodputer.store import metrics
from clodputer.store.tilde import expand
from clodputer.views.doctor.finding import Facts, Finding, note, ok, problem


def textfile(facts: Facts) -> list[Finding]:
    """The file, by what the last drain could do, and by where it lies."""
    if not facts.settings.metrics:
        return ok("metrics", "config.yaml names no file for metrics (docs/metrics.md)")
    path = expand(facts.settings.metrics, facts.environ)
    folder = os.path.dirname(path)
    said = metrics.problem(facts.home)
    if said:
        return problem(
            "metrics", f"metrics cannot be written: {said}", f"Fix it, or metrics in {facts.home.config}."
        )
    if not os.path.isdir(folder):
        return problem("metrics", f"metrics: there is no folder {folder}", f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        return problem(
            "metrics",
            f"metrics: nothing can be written to {folder}",
            f"Give yourself the right to write to {folder}.",
        )
    if not path.endswith(".prom"):
        remedy = f"Call it {path}.prom in {facts.home.config}."
        return note("metrics", f"node_exporter reads only files that end in .prom, and not {path}", remedy)
    return ok("metrics", f"{path} is written after each exec that had something to do")
