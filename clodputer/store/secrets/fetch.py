"""Secrets by reference, looked up: each in a child process under a deadline, and kept in memory alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional

from clodputer.model.config.secretref import COMMAND, CREDENTIAL, FILE, KEYCHAIN, Failure, Reference, kind_of
from clodputer.model.errors import ClodputerError
from clodputer.store.processes import deadline
from clodputer.store.secrets import files, program
from clodputer.store.secrets.lookup import Locked, Missed, text_of

# In seconds: how long one secret may take, and what the child around it gets in addition to end what it has started.
SECONDS, MORE = 10.0, 2.0


def fetch(
    references: Mapping[str, Reference],
    names: Iterable[str],
    environ: Mapping[str, str],
    seconds: float = SECONDS,
) -> tuple[dict[str, str], Optional[Failure]]:
    """The secrets of these names, and the first that could not be looked up: those after it are not tried."""
    found: dict[str, str] = {}
    for name in names:
        value = one(name, references[name], environ, seconds)
        if isinstance(value, Failure):
            return found, value
        found[name] = value
    return found, None


def one(
    name: str, reference: Reference, environ: Mapping[str, str], seconds: float = SECONDS
) -> str | Failure:
    """One secret, or why it could not be looked up."""
    try:
        answer = deadline.within(seconds + MORE, lambda: _answer(reference, environ, seconds))
    except TimeoutError:
        return Failure(name, f"it took longer than {seconds:g} s", passes=True, slow=True)
    except (OSError, ClodputerError, deadline.WorkFailed) as error:
        return Failure(name, f"it could not be looked up: {type(error).__name__}", passes=True)
    if "message" in answer:
        return Failure(name, **answer)
    return str(answer["secret"])


def directly(reference: Reference, environ: Mapping[str, str], seconds: float) -> str:
    """One secret, looked up in this process, which is under a deadline already. Raises Missed."""
    return text_of(_content(reference, environ, seconds))


def _answer(reference: Reference, environ: Mapping[str, str], seconds: float) -> dict[str, Any]:
    try:
        return {"secret": directly(reference, environ, seconds)}
    except Missed as error:
        return {"message": str(error), "passes": isinstance(error, Locked), "slow": error.slow}


def _content(reference: Reference, environ: Mapping[str, str], seconds: float) -> bytes:
    kind = kind_of(reference)
    if kind == COMMAND:
        return program.printed(reference[COMMAND], environ, seconds)
    if kind == KEYCHAIN:
        return program.of_keychain(reference[KEYCHAIN], reference.get("account", ""), environ, seconds)
    if kind == FILE:
        return files.of_file(reference[FILE], environ)
    return files.of_credential(reference[CREDENTIAL], environ)
