"""What a task's `expect` says must be true after a run, looked at once the agent has told its own story."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, NamedTuple, Optional

from clodputer.model.numbers.digest import digest
from clodputer.model.outcome import SUCCEEDED, of
from clodputer.model.proof.proof import Answer
from clodputer.model.run import Report
from clodputer.model.task import Task
from clodputer.model.text.jsontext import dumps_unicode, loads
from clodputer.store.processes import deadline

RunCommand = Callable[[Sequence[str]], Answer]
Snapshot = Mapping[str, "Optional[Stamp]"]

# Above this size a file's stamp has to tell whether it changed.
LARGEST_HASHED = 1024 * 1024
LONGEST_SEARCHED = 1024 * 1024
# In seconds. A pattern such as (a+)+$ could take longer than anybody waits.
PATIENCE = 5.0
# What a search or a schema may use; it is the clock on the wall that ends most of those that run away.
LIMITS = deadline.Limits(processor=60, memory=512 * 1024 * 1024, answer=1024 * 1024)


class Stamp(NamedTuple):
    """How a file looked: enough to tell whether anybody has written it since."""

    modified_ns: int
    size: int
    inode: int
    digest: str = ""


def before(task: Task) -> Snapshot:
    """How the files of `file_changed` look before the run; None for those that are not there."""
    return {name: _stamp(_path(task, name)) for name in task.expect.file_changed}


def check(
    task: Task,
    report: Report,
    snapshot: Snapshot,
    started_at: float,
    run_command: RunCommand,
    patience: float = PATIENCE,
) -> tuple[dict[str, Any], ...]:
    """What came of each expectation: its name, whether it held, a message, and how long it took.

    Nothing is looked at when the run has failed anyway. `started_at` (epoch seconds) stands in for files that the
    snapshot does not have. `run_command` runs an argument list to its end. `patience`: seconds that one search or one schema
    may take.
    """
    if report.outcome.outcome != SUCCEEDED:
        return ()
    expect = task.expect
    looks: list[Callable[[], dict[str, Any]]] = []
    if expect.result_matches is not None:
        looks.append(partial(_result_matches, expect.result_matches, report.result, patience))
    if expect.json_schema is not None:
        looks.append(partial(_json_schema, expect.json_schema, report.result, patience))
    looks += [partial(_file_exists, task, name) for name in expect.file_exists]
    looks += [partial(_file_changed, task, name, snapshot, started_at) for name in expect.file_changed]
    if expect.command_succeeds:
        looks.append(partial(_command_succeeds, expect.command_succeeds, run_command))
    return tuple(_timed(look) for look in looks)


def _timed(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    began = monotonic()
    return {**look(), "duration_seconds": round(monotonic() - began, 3)}


def apply(report: Report, results: Sequence[Mapping[str, Any]]) -> Report:
    """The report, its success undone when an expectation did not hold."""
    failed = [f"{result['check']}: {result['message']}" for result in results if not result["ok"]]
    if not failed or report.outcome.outcome != SUCCEEDED:
        return report
    return report._replace(outcome=of("expect_unmet", " ".join(failed)))


def _told(name: str, ok: bool, message: str) -> dict[str, Any]:
    return {"check": name, "ok": ok, "message": message}


def _result_matches(pattern: str, result: Any, patience: float) -> dict[str, Any]:
    text = result if isinstance(result, str) else dumps_unicode(result)
    try:
        found = re.compile(pattern)
    except re.error as error:
        return _told("result_matches", False, f"{pattern!r} is not a regular expression: {error}.")
    try:
        ok = deadline.within(
            patience, lambda: found.search(text[:LONGEST_SEARCHED]) is not None, limits=LIMITS
        )
    except deadline.WorkFailed as error:
        return _told("result_matches", False, f"{pattern!r} could not be searched for: {error}.")
    except TimeoutError:
        return _told(
            "result_matches", False, f"{pattern!r} took longer than {patience:g} s; write a simpler one."
        )
    return _told("result_matches", ok, f"The result {'matches' if ok else 'does not match'} {pattern!r}.")


def _json_schema(schema: Mapping[str, Any], result: Any, patience: float) -> dict[str, Any]:
    if isinstance(result, str):
        try:
            result = loads(result)
        except (ValueError, RecursionError):
            return _told("json_schema", False, "The result is not JSON.")
    # Imported here: few tasks have a schema.
    import jsonschema  # noqa: F401

    try:
        ok, message = deadline.within(patience, lambda: fits(schema, result), limits=LIMITS)
    except deadline.WorkFailed as error:
        return _told("json_schema", False, f"The result could not be checked against the schema: {error}.")
    except TimeoutError:
        return _told("json_schema", False, f"It took longer than {patience:g} s; simplify its patterns.")
    return _told("json_schema", ok, message)


def fits(schema: Mapping[str, Any], result: Any) -> tuple[bool, str]:
    """Whether a result fits a JSON Schema, and how it does not."""
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(dict(schema))
        # A registry of our own, for the usual one fetches references from the network.
        error = next(kind(schema, registry=Registry()).iter_errors(result), None)
    except SchemaError as broken:
        return False, f"The schema itself is wrong: {broken.message[:300]}."
    except Unresolvable as broken:
        return False, f"The schema refers to what it does not contain: {str(broken)[:300]}."
    if error is not None:
        return False, f"At {error.json_path}: {error.message[:300]}."
    return True, "The result fits the schema."


def _file_exists(task: Task, name: str) -> dict[str, Any]:
    ok = os.path.exists(_path(task, name))
    return _told("file_exists", ok, f"{name} {'is there' if ok else 'is not there'}.")


def _file_changed(task: Task, name: str, snapshot: Snapshot, started_at: float) -> dict[str, Any]:
    now = _stamp(_path(task, name))
    if now is None:
        return _told("file_changed", False, f"{name} is not there.")
    if name not in snapshot:
        ok = now.modified_ns >= started_at * 1e9
    else:
        # Written again with the same content counts: it shows that the run did its work.
        ok = now != snapshot[name]
    return _told("file_changed", ok, f"{name} was {'' if ok else 'not '}written during the run.")


def _command_succeeds(argv: Sequence[str], run_command: RunCommand) -> dict[str, Any]:
    answer = run_command(argv)
    return _told("command_succeeds", answer.status == 0, answer.words)


def _path(task: Task, name: str) -> str:
    return os.path.join(task.working_directory, os.path.expanduser(name))


def _stamp(path: str) -> Optional[Stamp]:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino, _digest(path, found.st_size))


def _digest(path: str, size: int) -> str:
    """A hash of a small regular file, for file systems whose clock is coarse; empty for all others."""
    if size > LARGEST_HASHED or not os.path.isfile(path):
        return ""
    try:
        with open(path, "rb") as file:
            return digest(file.read(LARGEST_HASHED))
    except OSError:
        return ""
