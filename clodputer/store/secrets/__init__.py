"""Secrets: values for `{{ env.NAME }}` that nothing of ours may show, those of secrets.env, and by reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clodputer.model.errors import ClodputerError
from clodputer.model.text.mask import Masker, masker
from clodputer.store.files import plainfile
from clodputer.store.home import Home

SENSITIVE = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL")
LARGEST = 1024 * 1024

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "`": "`"}


def load(home: Home) -> dict[str, str]:
    """The names and values of secrets.env, or nothing when there is no such file.

    Raises ClodputerError when others may read it ("secrets_mode") or it cannot be read ("secrets_invalid").
    """
    path = home.secrets
    try:
        content, mode = plainfile.read(path, LARGEST)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _invalid(path, f"it cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise _invalid(path, str(error)) from None
    if mode & 0o077:
        raise ClodputerError(
            "secrets_mode", f"other users of this machine may read {path}", f"chmod 600 {path}"
        )
    if len(content) > LARGEST:
        raise _invalid(path, "it is larger than 1 MiB")
    return _parse(path, content)


def salvage(home: Home) -> dict[str, str]:
    """Whatever may be a value in a secrets.env that `load` refuses, by line numbers: only to be masked, never to be used."""
    try:
        text = plainfile.read(home.secrets, LARGEST).content.decode("utf-8", "replace")
    except (OSError, ValueError):
        return {}
    return {
        str(number): value.strip().strip("'\"")
        for number, line in enumerate(text.split("\n"), 1)
        if not line.lstrip().startswith("#")
        for value in (line.partition("=")[2] or line,)
        if value.strip()
    }


def _parse(path: str, content: bytes) -> dict[str, str]:
    try:
        text = content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        broken = content[: error.start].count(b"\n") + 1
        raise _invalid(f"{path}:{broken}", "is not UTF-8 text") from None
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    for index, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        where = f"{path}:{index}"
        name, equals, value = line.partition("=")
        words = name.split()
        if words[:1] == ["export"] and len(words) == 2:
            words = words[1:]
        if not equals or len(words) != 1 or name != name.rstrip():
            # The line itself is not quoted: it may be the tail of a secret.
            raise _invalid(where, "expected NAME=VALUE, without spaces around the =")
        name = words[0]
        if not (name.isidentifier() and name.isascii()):
            raise _invalid(where, "expected a name of letters, digits and _ before the =")
        if name in found:
            raise _invalid(where, f"{name} is set a second time; it was set in line {lines[name]}")
        found[name], lines[name] = _value(where, name, value), index
    return found


def _value(where: str, name: str, text: str) -> str:
    """One value, unquoted as a shell would, but nothing in it is ever expanded."""
    quote = text[:1]
    if "\0" in text:
        raise _invalid(where, f"the value of {name} holds a NUL character")
    if quote not in ("'", '"'):
        if text[:1].isspace() and text.strip():
            raise _invalid(where, "expected NAME=VALUE, without spaces around the =")
        comment = min((text.find(mark) for mark in (" #", "\t#") if mark in text), default=len(text))
        return text[:comment].rstrip()
    plain = ""
    rest = iter(text[1:])
    for letter in rest:
        if letter == quote:
            break
        if letter == "\\" and quote == '"':
            escaped = next(rest, "")
            letter = _ESCAPES.get(escaped, "\\" + escaped)
        plain += letter
    else:
        raise _invalid(
            where,
            f"the quote that opens the value of {name} is not closed on its line "
            "(inside double quotes, \\n makes a line break)",
        )
    after = "".join(rest)
    if after.strip() and not (after[0].isspace() and after.lstrip().startswith("#")):
        raise _invalid(where, f"something follows the closing quote of {name}")
    return plain


def masker_for(secrets: Mapping[str, str], environ: Mapping[str, str]) -> Masker:
    """What hides every value of secrets.env and those variables of the environment that are secret by their name."""
    sensitive = [
        value
        for name, value in environ.items()
        # CLAUDE_CODE_MAX_OUTPUT_TOKENS and its like hold a count, which would blot out that number everywhere.
        if any(word in name.upper() for word in SENSITIVE)
        and not (name.upper().endswith("TOKENS") and value.isdigit())
    ]
    return masker([*secrets.values(), *sensitive])


def placeholders(references: Iterable[str]) -> dict[str, str]:
    """What stands for secrets by reference where they are not looked up: when a task is checked, or shown."""
    return {name: f"<secret {name}>" for name in references}


def refuse_double(home: Home, known: Mapping[str, str], references: Iterable[str]) -> None:
    """Raise ClodputerError ("secrets_invalid") when a secret of secrets.env is in config.yaml as well: which one holds?"""
    both = sorted(name for name in references if name in known)
    if both:
        raise ClodputerError(
            "secrets_invalid",
            f"{both[0]} is both in {home.secrets} and under secrets in {home.config}",
            "Remove one of the two.",
        )


def _invalid(where: str, what: str) -> ClodputerError:
    return ClodputerError(
        "secrets_invalid", f"{where}: {what}", "Write one NAME=VALUE on each line of secrets.env."
    )
