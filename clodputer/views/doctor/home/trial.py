"""What the doctor finds out by trying: a request that does nothing is dropped and run, and where temporary files may go."""

# The request lies in a home of its own in the cache of the person's: on the same disk, run by the same program, but in no
# queue, log, statistics or cost of theirs, and without their config.yaml, which might notify somebody. It is gone afterwards;
# what a doctor that was killed has left, the next one removes.
from __future__ import annotations

import os
import sys
from json import dumps
from shutil import rmtree
from subprocess import DEVNULL, TimeoutExpired, run
from tempfile import mkdtemp
from time import monotonic

from clodputer.isolate import scratch
from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import format_duration
from clodputer.store import homes
from clodputer.store.folder import entries
from clodputer.store.home import Home, is_own
from clodputer.store.records import runs
from clodputer.store.spool import drop
from clodputer.views.doctor.finding import Facts, Finding, note, ok, problem

TASK, LANE = "doctor", "doctor"
_TASK_FILE = f"agent: command\ncommand: ['true']\nlane: {LANE}\n"
_BEGIN, _END = "doctor-", "-probe"
# How long the exec may take, in seconds, and after how many a folder of this kind belongs to a doctor that was killed.
SECONDS, LEFT_AFTER = 20.0, 600.0
# As we were started ourselves: `site` may be off, and then nothing else knows where packages are.
_START = (
    "import sys; from json import loads; sys.path[:] = loads(sys.argv.pop(1)); "
    "from clodputer.__main__ import program; program()"
)


def execute(facts: Facts) -> list[Finding]:
    """Whether an exec runs what is dropped, and how long that takes."""
    if not is_own(facts.home):
        return []  # what we wrote there, its owner could not remove
    _clear(facts)
    root = mkdtemp(suffix=_END, prefix=_BEGIN, dir=facts.home.cache)
    try:
        return _tried(facts, Home(root))
    finally:
        rmtree(root, ignore_errors=True)


def temporary(facts: Facts) -> list[Finding]:
    """Whether runs have somewhere to put their temporary files."""
    base, problems = scratch.place(facts.environ)
    if not base:
        return problem(
            "tmpdir", f"runs have no place for temporary files: {'; '.join(problems)}", scratch.REMEDY
        )
    replaced = scratch.replaced(facts.environ)
    return note("tmpdir", replaced, scratch.REMEDY) if replaced else ok("tmpdir", base)


def _tried(facts: Facts, home: Home) -> list[Finding]:
    homes.make(home)
    with open(f"{home.tasks}/{TASK}.yaml", "w", encoding="utf-8") as file:
        file.write(_TASK_FILE)
    begun = monotonic()
    drop.drop(home, f"{TASK}.json", {"task": TASK})
    argv = [facts.python, "-IS", "-c", _START, dumps(sys.path), "exec", "--json"]
    environ = {**facts.environ, "CLODPUTER_HOME": home.root}
    remedy = "Try by hand: clodputer exec. What went wrong before: clodputer logs"
    try:
        ended = run(
            argv, env=environ, stdin=DEVNULL, capture_output=True, timeout=SECONDS, check=False, cwd="/"
        )
    except TimeoutExpired:
        return problem("exec", f"the doctor's test request was not run within {SECONDS:.0f} s", remedy)
    took = format_duration(monotonic() - begun)
    record = next(runs.records(home, TASK), None)
    if record is not None and record.get("outcome") == "succeeded":
        return ok("exec", f"the doctor's test request was run in {took}")
    if record is not None:
        why = f"ended as {record.get('outcome')} ({record.get('reason')}): {record.get('message')}"
    else:
        why = f"was not run: {_said(ended.stdout, ended.stderr)}"
    return problem("exec", f"the doctor's test request {why}", remedy)


def _said(stdout: bytes, stderr: bytes) -> str:
    """Why an exec did nothing, by its own words."""
    try:
        return str(loads(stdout.decode("utf-8", "replace"))["errors"][0]["message"])
    except (ValueError, KeyError, IndexError, TypeError):
        return stderr.decode("utf-8", "replace").strip()[-300:] or "exec did not say why"


def _clear(facts: Facts) -> None:
    for name in entries(facts.home.cache):
        path = f"{facts.home.cache}/{name}"
        if name.startswith(_BEGIN) and name.endswith(_END):
            try:
                old = facts.now - os.lstat(path).st_mtime > LEFT_AFTER
            except FileNotFoundError:
                continue
            if old:
                rmtree(path, ignore_errors=True)
