"""What the doctor looks at of `disk_ceiling`: whether a limit is reached, or nearly."""

from __future__ import annotations

from clodputer.model.gates import ceiling
from clodputer.store.files import sizes
from clodputer.views.doctor.finding import Facts, Finding, note, ok, problem

_REMEDY = (
    "Make room: clodputer trees reclaim, clodputer discard RUN, clodputer prune; or raise disk_ceiling in {}"
)


def disk_ceiling(facts: Facts) -> list[Finding]:
    """Each limit of config.yaml, of everything and of single lanes."""
    lanes = facts.settings.lanes
    wanted = {name: ceiling.of({}, lanes[name]) for name in lanes}
    wanted[""] = ceiling.of(facts.settings.disk_ceiling, {})
    limits = [(name, limit) for name in sorted(wanted) for limit in wanted[name]]
    if not limits:
        return []
    there = sizes.measure(facts.home, [limit for _, limit in limits], facts.now)
    found: list[Finding] = []
    for name, limit in limits:
        whose = f"lane {name} waits" if name else "all lanes wait"
        remedy = _REMEDY.format(facts.home.config)
        full, nearly = ceiling.reached(limit, there), ceiling.reached(limit, there, ceiling.NEARLY)
        if full:
            found += problem("disk-ceiling", f"{full}: {whose}", remedy)
        elif nearly:
            found += note("disk-ceiling", nearly, remedy)
    return found or ok("disk-ceiling", "there is room below every disk_ceiling")
