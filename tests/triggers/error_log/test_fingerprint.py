"""Which errors are the same one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.triggers.error_log.fingerprint import LONGEST, VERSION, fingerprint, frames, parameterised

PARTS = {
    "user a.b+c@example.co.uk not found": "user <email> not found",
    "GET https://example.org/a?b=1 failed": "GET <url> failed",
    "connect to 10.0.0.7:5432 refused": "connect to <ip> refused",
    "from 2001:db8:0:0:0:0:0:1 now": "from <ip> now",
    "request 123e4567-e89b-12d3-a456-426614174000 died": "request <uuid> died",
    "blob d41d8cd98f00b204e9800998ecf8427e": "blob <hash>",
    "2026-11-28T03:00:00.123Z ERROR no": "<date> ERROR no",
    "2026-11-28 03:00:00,123 ERROR no": "<date> ERROR no",
    "Nov 28 03:00:00 host app[123]: ERROR no": "<date> host app[<int>]: ERROR no",
    '1.2.3.4 - - [28/Nov/2026:03:00:00 +0100] "GET /" 500': '<ip> - - [<date>] "GET /" <int>',
    "took 12ms": "took <duration>",
    "took 1m30s and 2.5s": "took <duration> and <duration>",
    "at 0x7ffe12ab": "at <hex>",
    "object 1a2b3c4d5e gone": "object <hex> gone",
    "commit 4f3c2b1 broke": "commit <sha> broke",
    "ratio 0.75 over": "ratio <float> over",
    "retry 3 of 5": "retry <int> of <int>",
    "id=-17": "id=<int>",
    "row_17 missing": "row_<int> missing",
    "name='Ada' ok=true n=3": "name=<quoted> ok=<bool> n=<int>",
    # What must stay: words that look like numbers, and versions of things that are names.
    "deadbeef is a function": "deadbeef is a function",
    "accessed a cafe": "accessed a cafe",
    "std::vector in Abc::def": "std::vector in Abc::def",
    "it's quoted 'so'": "it's quoted 'so'",
    "utf8 and base64": "utf8 and base64",
    "HTTP/2 stream": "HTTP/<int> stream",
}


@pytest.mark.parametrize("message", PARTS)
def test_what_changes_is_taken_out(message: str) -> None:
    assert parameterised(message) == PARTS[message]


@given(st.text(max_size=3000))
def test_any_text_has_a_fingerprint(text: str) -> None:
    name = fingerprint(text, text.split("\n"), "app.log")
    assert name.startswith(f"{VERSION}:")
    assert len(name) == len(VERSION) + 17


def test_a_long_message_takes_no_time() -> None:
    """Each of these once made a regular expression of this kind go back and forth for minutes."""
    for letter in ("a", "1", "-", "@", ":", "0:", "1.", "a@a.", "'", "=", " "):
        assert parameterised(letter * 1_000_000) == parameterised((letter * 1_000_000)[:LONGEST])


PYTHON = """Traceback (most recent call last):
  File "/srv/{place}/app/main.py", line {line}, in handle
    run()
  File "/usr/lib/python3.11/site-packages/x/y.py", line 3, in call
  File "/srv/{place}/app/db.py", line {line}, in query
    raise ValueError({line})
ValueError: {line}"""
JAVA = """java.lang.IllegalStateException: no {line}
\tat com.acme.Shop.pay(Shop.java:{line})
\tat java.base/java.lang.Thread.run(Thread.java:829)
\tat com.acme.Main.main(Main.java:{line})"""
NODE = """Error: no {line}
    at pay (/srv/{place}/shop.js:{line}:5)
    at async handle (file:///srv/{place}/main.js:{line}:1)
    at node:internal/process/task_queues:95:5"""
GO = """panic: no {line}

goroutine {line} [running]:
main.pay(0xc00001, {line})
\t/srv/{place}/main.go:{line} +0x1d
main.main()
\t/srv/{place}/main.go:{line} +0x25"""


@pytest.mark.parametrize("text", [PYTHON, JAVA, NODE, GO], ids=["python", "java", "node", "go"])
def test_a_traceback_is_known_by_its_functions(text: str) -> None:
    def named(place: str, line: str, changed: str = "") -> str:
        lines = (
            text.format(place=place, line=line)
            .replace("pay", changed or "pay")
            .replace("query", changed or "query")
        )
        return fingerprint("ValueError: whatever", lines.split("\n"), place)

    assert named("a", "1") == named("b/c", "2222")
    assert named("a", "1") != named("a", "1", "another")
    assert len(frames(text.format(place="a", line="1").split("\n"))) >= 2


def test_a_recursion_is_one_fault_however_deep() -> None:
    frame = '  File "a.py", line 3, in again'
    names = {
        fingerprint("RecursionError: x", ["Traceback", *[frame] * number], "a") for number in (3, 90, 900)
    }
    assert len(names) == 1


def test_other_errors_are_known_by_message_and_log() -> None:
    assert fingerprint("ERROR no 1", ["ERROR no 1"], "a.log") == fingerprint(
        "ERROR no 2", ["ERROR no 2"], "a.log"
    )
    assert fingerprint("ERROR no 1", ["ERROR no 1"], "a.log") != fingerprint(
        "ERROR no 1", ["ERROR no 1"], "b.log"
    )
