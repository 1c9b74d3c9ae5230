"""References to secrets: where in config.yaml a secret is kept by somebody else, and how that is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.config.keys import ARGUMENTS, LINE, NAMED, NEVER, PATH, Key
from clodputer.model.config.withunit import Expected

COMMAND, KEYCHAIN, FILE, CREDENTIAL = "command", "keychain", "file", "credential"
KINDS = (COMMAND, KEYCHAIN, FILE, CREDENTIAL)
# A name of systemd's (systemd.exec(5)) is also the name of a file, so it must not lead out of its folder.
_CREDENTIAL = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}")

Reference = Mapping[str, Any]


class Failure(NamedTuple):
    """Why a secret could not be looked up. passes: whether it may be there later without a change of config.yaml; slow: whether
    the whole time was used up.
    """

    name: str
    message: str
    passes: bool
    slow: bool = False


def kind_of(reference: Reference) -> str:
    """Which of KINDS a checked reference is."""
    return next(kind for kind in KINDS if reference.get(kind))


def words(reference: Reference) -> str:
    """What is looked up, for people: `command pass show x`; nothing in it is secret."""
    kind = kind_of(reference)
    value = reference[kind]
    if kind == COMMAND:
        return f"command {' '.join(value)}"
    account = f", account {reference['account']}" if reference.get("account") else ""
    return f"{kind} {value}{account}"


def _credential(value: Any) -> Any:
    if not _CREDENTIAL.fullmatch(value):
        raise Expected("the name of a credential: letters, digits, '.', '_' or '-'")
    return value


def _references(value: Mapping[str, Reference]) -> Any:
    for name, reference in value.items():
        if not (name.isidentifier() and name.isascii()):
            raise Expected(
                "names of letters, digits and _", f"; {name} could not stand in {{{{ env.NAME }}}}"
            )
        kinds = [kind for kind in KINDS if reference.get(kind)]
        if len(kinds) != 1:
            found = f"; found {' and '.join(kinds)}" if kinds else ""
            raise Expected(f"exactly one of {', '.join(KINDS)} for {name}", found)
        if reference.get("account") and kinds != [KEYCHAIN]:
            raise Expected(f"account only beside keychain, in {name}")
    return value


SETTING = Key(
    "secrets",
    NAMED,
    {},
    "Secrets that are kept elsewhere, each under the name that texts use as `{{ env.X }}`; see [Secrets](secrets.md). "
    "Each is looked up when a run that names it starts, and is never written down.",
    keys=(
        Key(
            COMMAND,
            ARGUMENTS,
            (),
            "A program that prints the secret. It is started without a shell, and nobody answers its questions.",
            absent="none",
            env=NEVER,
            example=["pass", "show", "github"],
        ),
        Key(
            KEYCHAIN,
            LINE,
            "",
            "The service under which the secret lies in the keychain of macOS; on Linux in the Secret Service (`secret-tool`).",
            absent="none",
            env=NEVER,
            example="github",
        ),
        Key(
            "account",
            LINE,
            "",
            "Beside `keychain`: the account of the item.",
            absent="any account",
            env=NEVER,
            example="robot",
        ),
        Key(
            FILE,
            PATH,
            "",
            "A file that holds nothing but the secret, and that nobody else may read.",
            absent="none",
            env=NEVER,
            example="~/.secrets/github",
        ),
        Key(
            CREDENTIAL,
            LINE,
            "",
            "The name of a credential that systemd gives to the service of the alarm.",
            check=_credential,
            absent="none",
            env=NEVER,
            example="github",
        ),
    ),
    check=_references,
    absent="only those in secrets.env",
    example={"GITHUB_TOKEN": {"command": ["pass", "show", "github"]}},
)
