"""What the doctor looks at of secrets: whether secrets.env can be read by us alone, and whether each reference leads to one."""

from __future__ import annotations

from time import monotonic

from clodputer.model.config.secretref import CREDENTIAL, Failure, kind_of, words
from clodputer.model.errors import ClodputerError
from clodputer.model.text.plural import counted
from clodputer.store import secrets
from clodputer.store.secrets import fetch
from clodputer.store.secrets.files import DIRECTORY
from clodputer.views.doctor import fix
from clodputer.views.doctor.finding import Facts, Finding, note, ok, problem
from clodputer.views.tasks.warnings import of_alarms

# For all references together, in seconds; a check has half a minute (views/doctor/__init__.py).
ALL = 24.0


def file_and_references(facts: Facts) -> list[Finding]:
    """secrets.env, and each reference of config.yaml, which is looked up as a run would; no value is shown."""
    path = facts.home.secrets
    try:
        found = secrets.load(facts.home)
        secrets.refuse_double(facts.home, found, facts.settings.secrets)
    except ClodputerError as error:
        remedy = fix.chmod(path, 0o600) if error.code == "secrets_mode" else None
        return problem("secrets", error.message, error.hint, remedy)
    wrong = _references(facts)
    if wrong:
        return wrong
    held = f"{counted(len(found), 'value')} in {path}" if found else f"nothing in {path}"
    number = len(facts.settings.secrets)
    return ok("secrets", f"{held}; {counted(number, 'reference')} looked up" if number else held)


def _references(facts: Facts) -> list[Finding]:
    findings: list[Finding] = []
    environ, until = of_alarms(facts.home, facts.environ), monotonic() + ALL
    for name, reference in facts.settings.secrets.items():
        left = until - monotonic()
        if kind_of(reference) == CREDENTIAL and not facts.environ.get(DIRECTORY):
            findings += note(
                "secrets",
                f"{name} ({words(reference)}) can be looked up in a service of systemd only, not here",
                "Its services need LoadCredential=, in a drop-in (docs/secrets.md). Try it there: clodputer doctor --canary",
            )
            continue
        if left <= 0:
            findings += note(
                "secrets", f"{name} ({words(reference)}) was not tried: the others took too long"
            )
            continue
        seconds = min(fetch.SECONDS, left)
        value = fetch.one(name, reference, {**environ, **_directory(facts)}, seconds)
        if isinstance(value, Failure):
            remedy = (
                "Unlock what keeps it; runs that need it wait, and go on by themselves."
                if value.passes
                else f"Fix secrets in {facts.home.config}; runs that need it are given up."
            )
            findings += problem("secrets", f"{name} ({words(reference)}): {value.message}", remedy)
    return findings


def _directory(facts: Facts) -> dict[str, str]:
    """Where systemd has put credentials for this process: no alarm's environment holds that."""
    found = facts.environ.get(DIRECTORY)
    return {DIRECTORY: found} if found else {}
