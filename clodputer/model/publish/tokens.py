"""Tokens and keys by their looks: what must leave the machine neither in a diff nor in a text."""

from __future__ import annotations

import re

# The documented prefixes of each issuer, with so many characters behind them that no prose matches.
KINDS = (
    ("GitHub token", r"\b(?:gh[opsur]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})"),
    ("GitLab token", r"\bgl(?:pat|dt|rt|ptt|ft|cbt)-[A-Za-z0-9_-]{20,}"),
    ("Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    ("OpenAI key", r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{40,}"),
    ("AWS access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("Google API key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("Slack webhook", r"https://hooks\.slack\.com/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]{16,}"),
    ("Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{16,}"),
    ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("PyPI token", r"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    ("Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
    ("private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
)
# Where a word begins: in JSON, and in JSON inside JSON, also behind the letter of a `\n`.
_BEGIN = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4}))"


def anchored(pattern: str) -> str:
    """A pattern whose `\b` at the beginning of an alternative also matches where JSON has escaped what comes before."""
    return re.sub(r"(^|\(\?i\)|\|)\\b", lambda match: match[1] + _BEGIN, pattern)


_ALL = re.compile(
    "|".join(f"(?P<k{number}>{anchored(pattern)})" for number, (_, pattern) in enumerate(KINDS))
)
# One of these is in every match: a large text without any is not searched further.
_HINTS = (
    "gh",
    "gl",
    "sk-",
    "AKIA",
    "ASIA",
    "AIza",
    "xox",
    "slack.com",
    "_live_",
    "npm_",
    "pypi-",
    "hf_",
    "BEGIN ",
)
CUT = "[token removed]"


def found(text: str) -> list[str]:
    """The kinds of tokens that a text holds, by name; never a token itself."""
    if not any(hint in text for hint in _HINTS):
        return []
    names = (KINDS[int(str(match.lastgroup)[1:])][0] for match in _ALL.finditer(text))
    return list(dict.fromkeys(names))


def cut(text: str) -> str:
    """The text without tokens."""
    return _ALL.sub(CUT, text)
