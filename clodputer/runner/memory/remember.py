"""What a run wants remembered: found in its result, checked by the rules of its task, an effect in its record."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Optional

from clodputer.agents import nothing
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.state import merged, unfit, updates_in
from clodputer.model.task import Task
from clodputer.runner.proof.expect import LIMITS, fits
from clodputer.store.context import Context
from clodputer.store.processes import deadline
from clodputer.store.taskstate.state import Kept

# In characters: the line of a text that is the updates. In seconds: how long a schema may take.
LONGEST_LINE, PATIENCE = 256 * 1024, 10.0


def with_state(
    context: Context, task: Task, record: Mapping[str, Any], result: Any, seen: Optional[Kept]
) -> dict[str, Any]:
    """The record, with what its run wants remembered as the first effect. seen: the state that its prompt was made with.

    Only what succeeded is remembered. Raises OSError.
    """
    if not task.state.kept or seen is None or record["outcome"] != SUCCEEDED:
        return dict(record)
    value = nothing.on_last_line(result, LONGEST_LINE) if isinstance(result, str) else result
    updates, problem = updates_in(context.masker.data(value))
    if updates is None and not problem:
        return dict(record)
    if updates is not None:
        after = merged(seen.value, updates)
        problem = misfit(task, after)
    effect: dict[str, Any] = {"effect": "state", "base": seen.version}
    if problem:
        effect["problem"] = problem
    else:
        effect["updates"] = updates
    return {**record, "effects": [effect, *record["effects"]]}


def misfit(task: Task, value: Mapping[str, Any]) -> str:
    """How a state breaks the rules of the task, its size and its schema; empty when it does not. Raises OSError."""
    problem = unfit(value, task.state)
    if problem or task.state.schema is None:
        return problem
    # Imported here, and not in the child: few tasks have a schema.
    import jsonschema  # noqa: F401

    try:
        ok, message = deadline.within(PATIENCE, partial(fits, task.state.schema, value), limits=LIMITS)
    except deadline.WorkFailed as error:
        return f"it could not be checked against the schema: {error}"
    except TimeoutError:
        return f"checking it against the schema took longer than {PATIENCE:g} s"
    return "" if ok else str(message)
