"""Work that templates ask for, done in a child process with limits of time and memory: a template can run away."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from clodputer.store.processes import deadline
from clodputer.store.taskfiles.template_terms import CannotRender

# In seconds of processor time; by the clock on the wall a busy machine gets longer.
SECONDS = 5
PATIENCE = 15.0
MEMORY = 512 * 1024 * 1024
# What a child may answer: a prompt of the largest size, some letters of which take several bytes, and its task.
LARGEST_ANSWER = 64 * 1024 * 1024

_LIMITS = deadline.Limits(SECONDS, MEMORY, LARGEST_ANSWER)
_TOO_LONG = f"the template takes longer than {SECONDS} s to fill in; make it simpler"
_TOO_LARGE = f"the template needs more than {MEMORY // 1024**2} MB of memory; make it simpler"

_inside = False


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the function returns, which JSON can hold; worked out in a child. Within one such call others are made directly.

    Raises CannotRender, ClodputerError and OSError as the function does, and CannotRender also when the child exceeds a limit.
    """
    if _inside:
        return function(*arguments)
    try:
        answer = deadline.within(PATIENCE, partial(_answer, function, arguments), limits=_LIMITS)
    except TimeoutError:
        raise CannotRender(_TOO_LONG) from None
    except OverflowError:
        raise CannotRender(_TOO_LARGE) from None
    except deadline.WorkKilled as killed:
        raise CannotRender(_TOO_LONG if killed.signal == signal.SIGXCPU else _TOO_LARGE) from None
    except deadline.WorkFailed as error:
        # A fault of Clodputer.
        raise RuntimeError(f"while a template was filled in: {error}") from None
    if "cannot_render" in answer:
        raise CannotRender(*answer["cannot_render"])
    if "missing" in answer:
        raise ModuleNotFoundError(answer["error_text"], name=answer["missing"])
    return answer["value"]


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, Any]:
    """In the child: the value, or the arguments of the CannotRender that the parent raises."""
    global _inside
    _inside = True
    try:
        return {"value": function(*arguments)}
    except CannotRender as error:
        return {"cannot_render": [str(error), error.missing]}
    except ImportError as error:
        return {"missing": error.name or "", "error_text": str(error)}
    except MemoryError:
        return {"cannot_render": [_TOO_LARGE]}
