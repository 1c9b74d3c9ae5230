"""Secrets by their looks, as widely as can be: for texts from which rather too much is cut than too little."""

# model/publish/tokens.py has the prefixes of issuers, which no prose matches, and refuses what has one. Here a mistake costs a
# few asterisks, so that names, headers and addresses count as well.
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from clodputer.model.publish import tokens

MASK = "***"
# Parts of names whose values nobody else may see.
NAMES = r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|ACCOUNT_?KEY|CREDENTIAL|AUTH(?=[\"'_=: ]|$)"
_NAME = re.compile(rf"(?i)(?:^|_|-|[a-z0-9])(?:{NAMES})|(?:^|_)(?:KEY|PWD|PAT|AUTH|DSN|COOKIE)$|PASS$")
_VALUE = r"[^\s\"'`,;&|<>(){}\[\]\\]{4,}"

# Kind, and pattern; what the group `secret` matches is cut, or all of it where there is none. Long texts are searched for
# these, so that no pattern may look back and forth: each begins with fixed letters.
_KINDS = (
    *((name, pattern) for name, pattern in tokens.KINDS if name != "private key"),
    # In JSON a line break is written `\n`, in JSON inside JSON `\\n`.
    (
        "private key",
        (
            r"-----BEGIN (?:[A-Z0-9]+ ){0,5}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:[\s\S]{0,12000}?-----END [A-Z0-9 ]{0,60}-----|[A-Za-z0-9+/=\s\\:,.()#>|*]*)"
        ),
    ),
    ("JSON web token", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    ("authorization header", r"(?i)\b(?:bearer|basic|token)\s+(?P<secret1>[A-Za-z0-9_~+/.=-]{12,})"),
    (
        "password in an address",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'\\]{0,100}:(?P<secret2>[^\s/@\"'\\]{1,200})@",
    ),
    ("AWS secret key", r"(?i)aws.{0,20}secret.{0,20}?[=:]\s*[\"'\\]{0,4}(?P<secret3>[A-Za-z0-9/+=]{40})"),
    ("Twilio key", r"\b(?:SK|AC)[0-9a-f]{32}\b"),
    ("SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("Telegram token", r"(?<!\d)\d{8,10}:[A-Za-z0-9_-]{35}\b"),
    ("Discord webhook", r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_-]+"),
    ("Stripe key", r"\b(?:[rs]k_test_|whsec_)[A-Za-z0-9]{16,}"),
    ("DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}"),
    ("Google secret", r"\bGOCSPX-[A-Za-z0-9_-]{20,}|\bya29\.[A-Za-z0-9_-]{20,}"),
    ("Docker token", r"\bdckr_pat_[A-Za-z0-9_-]{20,}"),
    ("Linear or Notion key", r"\b(?:lin_api_|secret_|ntn_)[A-Za-z0-9]{30,}"),
    ("Databricks token", r"\bdapi[a-f0-9]{32}\b"),
    ("age key", r"\bAGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    ("Azure key", r"(?i)\b(?:AccountKey|SharedAccessKey|sig)=(?P<secret4>[A-Za-z0-9+/%=]{20,})"),
    # NAME=value, "name": "value", --name value
    (
        "value of a secret's name",
        rf"(?i)\b[\w.-]{{0,40}}(?:{NAMES})[\w-]{{0,20}}[\"'\\]{{0,6}}\s{{0,3}}[=:]\s{{0,3}}[\"'\\]{{0,6}}(?P<secret5>{_VALUE})",
    ),
    (
        "value of a secret's name",
        rf"(?i)--(?:[\w-]{{0,30}}-)?(?:token|secret|password|passwd|api-?key|access-?key)\s+[\"'\\]{{0,4}}(?P<secret6>{_VALUE})",
    ),
)
_PATTERNS = tuple((name, re.compile(tokens.anchored(pattern))) for name, pattern in _KINDS)
# What is no value although it stands where one is expected: a variable, a template, a mask.
_NO_VALUE = re.compile(
    r"\$\{?\w*\}?|\$\{\{.*|\{\{.*|\*+|true|false|null|none|input|output|string", re.IGNORECASE
)


class Leak(NamedTuple):
    """A secret in a text, from `begin` up to `end`, and what kind it is by its looks."""

    kind: str
    begin: int
    end: int


def is_name(name: str) -> bool:
    """Whether a variable of that name has a value that nobody else may see."""
    return _NAME.search(name.upper()) is not None


def found(text: str) -> list[Leak]:
    """The secrets in a text, in order; none overlaps another."""
    every = sorted(_all(text), key=lambda leak: (leak.begin, -leak.end))
    kept: list[Leak] = []
    for leak in every:
        if kept and leak.begin < kept[-1].end:
            kept[-1] = kept[-1]._replace(end=max(kept[-1].end, leak.end))
        else:
            kept.append(leak)
    return kept


def replaced(text: str, secret: Callable[[Leak], str], rest: Callable[[str], str] = str) -> str:
    """The text with what `secret` puts in place of each of its secrets, and what `rest` makes of all between them."""
    parts, at = [], 0
    for leak in found(text):
        parts += [rest(text[at : leak.begin]), secret(leak)]
        at = leak.end
    return "".join([*parts, rest(text[at:])])


def cut(text: str, mask: str = MASK) -> str:
    """The text with its secrets replaced."""
    return replaced(text, lambda _: mask)


def _all(text: str) -> Iterator[Leak]:
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            group = next((name for name, value in match.groupdict().items() if value is not None), 0)
            begin, end = match.span(group)
            value = text[begin:end]
            # `"output_tokens": 1234` is a count.
            is_count = value.replace(".", "").isdecimal() and "token" in match[0].lower()
            if not (group and (is_count or _NO_VALUE.fullmatch(value))):
                yield Leak(kind, begin, end)
