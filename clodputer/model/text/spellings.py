"""The ways in which programs write a text down: as JSON, in an address, for a shell, in a page, in base64."""

from __future__ import annotations

import re
from binascii import b2a_base64, hexlify
from json import dumps
from typing import NamedTuple

from clodputer.model.text.jsontext import dumps_unicode

# A text inside JSON, inside JSON, inside JSON: a stream reports a tool that printed a request that held it.
DEEPEST_JSON = 3

# Shorter pieces of base64 turn up by chance in every picture.
SHORTEST_ENCODED = 6

# RFC 3986, section 2.3, and what encodeURIComponent, encodeURI and Python's quote leave alone besides.
ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
LEFT_ALONE = ("", "-_.", "-_.~", "-_.~/", "-_.~!'()*", "-_.~!'()*;/?:@&=+$,#")

DIGIT = "[A-Za-z0-9+/_-]"

# What `printf %q` and its like put no backslash before.
LEFT_BARE = ("A-Za-z0-9_@%+=:,./", "A-Za-z0-9_@%+=:./", "A-Za-z0-9_./")

# A run of letters and digits stands unchanged in nearly every spelling; a shorter one is found everywhere.
SHORTEST_ANCHOR = 3


class Spelling(NamedTuple):
    """One way in which a text is written down.

    anchor: where this is not found, neither is the spelling; many share one. pattern: a regular expression, of what depends on
    its neighbours too; empty when `text` is all.
    """

    text: str
    anchor: str
    pattern: str = ""


def spellings(text: str) -> set[Spelling]:
    """All usual ones of a text."""
    return {*_written(text), *_in_hex(text), *_in_base64(text)}


def _written(text: str) -> set[Spelling]:
    """The text itself and as JSON, addresses, shells, HTML and Python have it, each also inside JSON."""
    forms = {text, *_in_address(text), *_in_shell(text), *_in_markup(text), repr(text)[1:-1]}
    newest = set(forms)
    for _ in range(DEEPEST_JSON):
        newest = {write(form)[1:-1] for form in newest for write in (dumps, dumps_unicode)} - forms
        forms |= newest
    forms |= _in_other_json(text)
    anchor = max(re.findall("[A-Za-z0-9]+", text), key=len, default="")
    shared = len(anchor) >= SHORTEST_ANCHOR
    return {Spelling(form, anchor if shared and anchor in form else form) for form in forms if form}


def _in_hex(text: str) -> set[Spelling]:
    digits = hexlify(_bytes(text)).decode()
    return {Spelling(form, form) for form in (digits, digits.upper())}


def _in_base64(text: str) -> set[Spelling]:
    """The text unchanged inside base64, however long that is: at one of three places among its groups of three bytes."""
    data, found = _bytes(text), set()
    for before in range(3):
        digits = b2a_base64(b"\0" * before + data, newline=False).decode().rstrip("=")
        # A digit has six bits: the first ones belong to what comes before, the last one in part to what is after.
        shared = (before + len(data)) % 3 != 0
        core = digits[(0, 2, 3)[before] : -1 if shared else None]
        if len(core) < SHORTEST_ENCODED:
            continue
        for form in {core, core.replace("+", "-").replace("/", "_")}:
            head, tail = f"{DIGIT}?" if before else "", f"{DIGIT}?" if shared else ""
            for spelt in {form, *_percent(form, "-_"), *_percent(form, "-_/"), form.replace("/", "\\/")}:
                found.add(Spelling(spelt, spelt, f"{head}{re.escape(spelt)}{tail}"))
    return found


def _bytes(text: str) -> bytes:
    # Variables of the environment can hold bytes that are no UTF-8 (PEP 383).
    return text.encode("utf-8", "surrogateescape" if _escaped(text) else "replace")


def _escaped(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _in_other_json(text: str) -> set[str]:
    """As programs write it that escape more than they must: PHP slashes, Go and pages markup, some with \\u00FC in capitals."""
    forms = {dumps(text)[1:-1], dumps_unicode(text)[1:-1]}
    forms |= {form.replace("/", "\\/") for form in forms}
    forms |= {form.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") for form in forms}
    forms |= {form.replace("'", "\\u0027") for form in forms}
    return forms | {re.sub(r"\\u[0-9a-f]{4}", _capitals, form) for form in forms}


def _capitals(match: re.Match[str]) -> str:
    return "\\u" + match[0][2:].upper()


def _percent(text: str, left_alone: str) -> set[str]:
    plain = frozenset((ALPHANUMERIC + left_alone).encode())
    return {
        "".join(chr(byte) if byte in plain else form % byte for byte in _bytes(text))
        for form in ("%%%02X", "%%%02x")
    }


def _in_address(text: str) -> set[str]:
    once = {form for left_alone in LEFT_ALONE for form in _percent(text, left_alone)}
    strict = _percent(text, "-_.~")
    return once | {form.replace("%20", "+") for form in once} | {form.replace("%", "%25") for form in strict}


def _in_shell(text: str) -> set[str]:
    """Without the quotes around it, which do not matter: 'it'\\''s', "it's", it\\'s, $'it\\'s'."""
    return {
        text.replace("'", "'\\''"),
        text.replace("'", "'\"'\"'"),
        re.sub(r'([\\"$`])', r"\\\1", text),
        re.sub(r'([\\"$`!])', r"\\\1", text),
        *(re.sub(rf"([^{plain}\n\u0080-\U0010ffff-])", r"\\\1", text) for plain in LEFT_BARE),
        text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t"),
    }


def _in_markup(text: str) -> set[str]:
    forms = set()
    base = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for double in ('"', "&quot;", "&#34;"):
        for single in ("'", "&#x27;", "&#39;", "&apos;"):
            forms.add(base.replace('"', double).replace("'", single))
    forms |= {text.replace("&", "&amp;").replace("<", "&lt;")}
    return forms | {form.encode("ascii", "xmlcharrefreplace").decode() for form in forms}
