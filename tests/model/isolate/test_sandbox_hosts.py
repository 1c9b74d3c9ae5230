"""Which hosts a sandboxed run may reach."""

from __future__ import annotations

import pytest

from clodputer.model.isolate.sandbox import hosts
from clodputer.model.isolate.sandbox.hosts import Pattern

GOOD = [
    "github.com",
    "*.github.com",
    "*",
    "localhost:8080",
    "10.0.0.7",
    "[::1]:80",
    "fe80::1",
    "GitHub.COM.",
    "a_b.example",
]
BAD = [
    *(
        "",
        "https://github.com",
        "github.com/a",
        "a.*.com",
        "*github.com",
        "a..b",
        "host:port",
        "host:0",
        "host:70000",
    ),
    *("-a.com", "a b", "x" * 300, "**", "*."),
]


@pytest.mark.parametrize("text", GOOD)
def test_patterns(text: str) -> None:
    assert hosts.pattern_fault(text) == ""


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_pattern(text: str) -> None:
    assert hosts.pattern_fault(text)


REACHED = [
    (["github.com"], "github.com", 443, True),
    (["github.com"], "GITHUB.com.", 80, True),
    (["github.com"], "github.com", 22, False),
    (["github.com"], "api.github.com", 443, False),
    (["github.com"], "evilgithub.com", 443, False),
    (["github.com"], "github.com.evil.example", 443, False),
    (["*.github.com"], "api.github.com", 443, True),
    (["*.github.com"], "a.b.github.com", 443, True),
    (["*.github.com"], "github.com", 443, False),
    (["*.github.com"], "evilgithub.com", 443, False),
    (["*.github.com"], ".github.com", 443, False),
    (["*.7"], "10.0.0.7", 443, False),
    (["*"], "anything.example", 443, True),
    (["*"], "anything.example", 22, False),
    (["db.example:5432"], "db.example", 5432, True),
    (["db.example:5432"], "db.example", 443, False),
    (["[::1]:80"], "::1", 80, True),
    ([], "github.com", 443, False),
]


@pytest.mark.parametrize(("allowed", "host", "port", "reached"), REACHED)
def test_a_host_is_reached_or_not(allowed: list[str], host: str, port: int, reached: bool) -> None:
    assert (hosts.find(hosts.patterns(allowed), host, port) is not None) is reached


def test_an_exact_pattern_comes_first() -> None:
    found = hosts.find(hosts.patterns(["*", "*.internal", "db.internal"]), "db.internal", 443)
    assert found == Pattern("db.internal", None)


ADDRESSES = [
    # the pattern, of this machine or its link, of the whole Internet, may be reached
    ("github.com", False, True, True),
    ("*", False, True, True),
    ("*", False, False, False),
    ("*.example", True, False, False),
    ("nas.example", False, False, True),
    ("nas.example", True, False, False),
    ("localhost", True, False, True),
    ("127.0.0.1", True, False, True),
    ("169.254.169.254", True, False, True),
]


@pytest.mark.parametrize(("pattern", "here", "everywhere", "reached"), ADDRESSES)
def test_no_name_leads_into_this_machine(pattern: str, here: bool, everywhere: bool, reached: bool) -> None:
    assert hosts.address_fits(Pattern(pattern, None), here=here, everywhere=everywhere) is reached
