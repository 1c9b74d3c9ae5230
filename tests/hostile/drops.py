"""Contents of drops that are no requests: each is set aside with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

DEEP = (201, 600, 980, 5_000, 100_000)

JSON_TEXTS = (
    "",
    " ",
    "\n",
    "{",
    '{"',
    '{"task',
    '{"task"',
    '{"task":',
    '{"task":"',
    '{"task":"good',
    '{"task":"good"',
    '{"task":"good",',
    '{"task":"good"}}',
    '{"task":"good"} x',
    '{"task":"good"},',
    '{"task":"good",}',
    '{"task":"good"\n"body":"x"}',
    "{'task':'good'}",
    "{task:good}",
    "{}",
    "[",
    "[]",
    '["good"',
    '[{"task":"good"}]',
    '"good',
    '"good"',
    "tru",
    "true",
    "nul",
    "null",
    "-",
    "0",
    "1e",
    "1.",
    "0x10",
    "NaN",
    "Infinity",
    "-Infinity",
    '// x\n{"task":"good"}',
    "\0",
    '{"task":"go\0od"}',
    '{"task":"go\nod"}',
    '{"task":"\\x41"}',
    '{"task":"\\u12"}',
    '{"task":"good","body":NaN}',
    "9" * 5_000,
    "-" * 5_000,
    '"' + "\\" * 4_999,
)
JSON_BYTES = (
    b"\xff\xfe{\x00}\x00",
    b"\xfe\xff\x00{\x00}",
    b'{"task":"caf\xe9"}',
    b'\xef\xbb\xbf{"task":',
    b"\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"PK\x03\x04",
    b"\x7fELF",
    b"\x1f\x8b\x08",
)

SURROGATE = "\ud800"
HUGE = 10**400
NUMBERS: tuple[Any, ...] = (-1, True, [], {}, "soon", float("nan"), float("inf"), float("-inf"), HUGE, 1e308)
MOMENTS: tuple[Any, ...] = (
    *NUMBERS,
    "",
    "9999-99-99",
    "2026-02-30T00:00:00Z",
    "+1x",
    "+" + "9" * 400 + "d",
    "24:61",
)
FIELDS: dict[str, tuple[Any, ...]] = {
    "id": (1, True, "", "a", "ABCDEF", "a b c d", "../../x", "-abcd", "x" * 49, SURROGATE, [], {}, "abcd\n"),
    "task": (
        1,
        True,
        "",
        ".",
        "..",
        "../good",
        "a/b",
        "nosuch",
        "good\n",
        "good\0",
        "x" * 65,
        SURROGATE,
        [],
        {},
        "\uff47ood",
    ),
    "context": (
        1,
        True,
        "x",
        [],
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": SURROGATE},
        {SURROGATE: 1},
        {"x": {"y": [{"z": "\udfff"}]}},
    ),
    "body": (1, True, [], {}, SURROGATE, "\udc80"),
    "priority": (0, 6, 1.5, "urgent", "\u0663", True, [], {}, HUGE, float("nan")),
    "created_at": MOMENTS,
    "not_before": MOMENTS,
    "expires_at": MOMENTS,
    "attempt": (0, -1, 1.5, "1", True, 10_000, HUGE, [], {}, float("inf")),
    "dedupe_key": (1, True, [], {}, SURROGATE, "x\udbff"),
    "dedupe_ttl": (-1, True, "x", [], {}, float("nan"), float("inf"), HUGE, "1 parsec"),
    "origin": (1, True, "x", [], {"x": SURROGATE}, {"trigger": float("nan")}),
}
UNKNOWN = ("tsak", "", " ", "Task", SURROGATE, "x" * 10_000, "\x1b[31m", "__class__", "\u202etask")

YAML_TEXTS = (
    "",
    "{",
    "[",
    "task: [",
    "task: good\n\tbody: x\n",
    "task: good\n body: x\n",
    "&a [*a]\n",
    "task: good\ncontext: &a {b: *a}\n",
    "task: *nope\n",
    "a: b: c\n",
    "? x\n",
    "!!python/object/apply:os.system [id]\n",
    "task: !!binary Z29vZA==\n",
    "task: good\n---\ntask: good\n",
    "%YAML 9.9\n---\ntask: good\n",
    "task: good\ntask: good\n",
    "- good\n",
    "good\n",
    "<<: {task: good}\n",
    "task: good\ncontext: {x: 1e999}\n",
    "task: good\ncontext: {x: 12345678901234567890}\n",
    'task: good\ndedupe_key: "\\ud800"\n',
    'task: good\nbody: "\\U00110000"\n',
    'task: good\nbody: "\\x',
    "task: good\nbody: |\n\x07\n",
    "task: good\0\n",
    "task: 'good\n",
    "@task: good\n",
    "task: `good`\n",
    "null\n",
    "{a, b, c\n",
    "1: 2\n",
    "[[[[1]]]]: 2\n",
)
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi")
)

MARKDOWN_TEXTS = (
    "",
    "text\n",
    "---\n",
    "---\ntask: good\n",
    "---\n---\n",
    "---\n- x\n---\n",
    "---\ngood\n---\n",
    "---\ntask: good\nbody: x\n---\ntext\n",
    "---\ntask: nosuch\n---\n",
    "---\ntask: [\n---\n",
    "---\ntask: good\n----\ntext\n",
    " ---\ntask: good\n---\n",
    "+++\ntask = 'good'\n+++\n",
    "# title\n---\ntask: good\n---\n",
)

# File names that nothing obeys, each with a content that is no request.
NAMES = (
    b"new\nline",
    b"tab\there",
    b"bell\x07",
    b"esc\x1b[31mred",
    b"\xff\xfe",
    b"caf\xe9",
    b"-rf",
    b"--help",
    b"$(touch x)",
    b"`id`",
    b"a b",
    b"'quoted'",
    b'"',
    b"\\",
    b"*",
    b"?",
    b"nul.json\xc2\x80",
    b"\xe2\x80\xaetxt.exe",
    b"\xe2\x80\x8b",
    b"CON",
    b"..json",
    b"...",
    b"~",
    b"%s%n",
    b"{{ 7*7 }}",
    b"\xf0\x9f\xa6\x80",
    b"good.JSON.",
    b"good.json~",
    b".good.swp",
    b"0000000000000001.5.abcd.good",
    b"good@20260101T000000.000Z-abcd.run",
    b"x.reason.txt",
    b"x.reason.json",
    *(bytes([letter]) * length for letter, length in zip(b"abcdefg", (149, 150, 151, 200, 230, 245, 255))),
    *(
        bytes([letter]) * (length - 5) + b".json"
        for letter, length in zip(b"hijkl", (151, 230, 245, 250, 255))
    ),
    "\u00e4".encode() * 127,
    "\U0001f980".encode() * 63,
    b"\xff" * 255,
)


def _files() -> Iterator[tuple[bytes, bytes]]:
    for number, text in enumerate(JSON_TEXTS):
        yield b"text-%d.json" % number, text.encode()
    for number, data in enumerate(JSON_BYTES):
        yield b"bytes-%d.json" % number, data
    for levels in DEEP:
        for number, (opening, closing) in enumerate((("[", "]"), ('{"x":', "}"))):
            inside = opening * levels + "1" + closing * levels
            yield b"deep-%d-%d.json" % (levels, number), inside.encode()
            yield b"deep-open-%d-%d.json" % (levels, number), (opening * levels).encode()
            for field in ("context", "origin", "dedupe_key", "body", "tsak"):
                value = f'{{"x":{inside}}}' if field in ("context", "origin") else inside
                yield (
                    f"deep-{field}-{levels}-{number}.json".encode(),
                    f'{{"task":"good","{field}":{value}}}'.encode(),
                )
        yield b"deep-%d.yaml" % levels, b"task: good\ncontext: " + b"{x: " * levels
        yield (
            b"deep-list-%d.yaml" % levels,
            b"task: good\ncontext: {x: " + b"[" * levels + b"]" * levels + b"}\n",
        )
    for field, values in FIELDS.items():
        for number, value in enumerate(values):
            request = {"task": "good", field: value}
            yield f"field-{field}-{number}.json".encode(), json.dumps(request).encode()
    for number, unknown in enumerate(UNKNOWN):
        yield b"unknown-%d.json" % number, json.dumps({"task": "good", unknown: 1}).encode()
    for number, text in enumerate((*YAML_TEXTS, BOMB)):
        yield b"text-%d.yaml" % number, text.encode()
    yield b"latin.yaml", b"task: caf\xe9\n"
    yield b"utf16.yml", "task: good\n".encode("utf-16")
    for number, text in enumerate(MARKDOWN_TEXTS):
        yield b"text-%d.md" % number, text.encode()
    yield b"utf16.md", "---\ntask: good\n---\n".encode("utf-16")
    for name in NAMES:
        yield name, b"no request\n"


FILES = tuple(_files())
