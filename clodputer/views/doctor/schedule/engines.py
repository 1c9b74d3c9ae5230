"""What the doctor looks at of engines: whether those of lanes answer, and jobs that may wait for a person."""

from __future__ import annotations

from clodputer import engines as room
from clodputer.engines.tool import Refused
from clodputer.model.engine.job import is_stuck, standing
from clodputer.model.queue.lanes import engine_of
from clodputer.model.text.plural import counted
from clodputer.store.spool import slot as slots
from clodputer.store.spool.requests import jobs
from clodputer.views.doctor.finding import Facts, Finding, note, ok, problem

# No job has it.
NOBODY = "clodputer-doctor"


def engines(facts: Facts) -> list[Finding]:
    """Nothing is asked of an engine that no lane names. Raises OSError."""
    found: list[Finding] = []
    lanes = facts.settings.lanes
    named = [lane for lane in sorted(lanes) if engine_of(lanes, lane)]
    for lane in named:
        engine = engine_of(lanes, lane)
        try:
            room.load(engine).look([NOBODY], lanes[lane], facts.environ)
        except Refused as error:
            text = f"the engine {engine} of lane {lane} does not answer: {error}"
            found += problem("engines", text, "See docs/beyond-one-machine.md for what this machine needs.")
    for slot, submitted in jobs.everywhere(facts.home):
        begun = slots.content(facts.home, slot).run_id
        if not begun and is_stuck(submitted.job, facts.now - submitted.at):
            text = f"request {submitted.request_id} is {standing(submitted.engine, submitted.job)}"
            found += note("engines", text, f"clodputer cancel {submitted.request_id}, or handle it there")
    return found or (ok("engines", counted(len(named), "lane")) if named else [])
