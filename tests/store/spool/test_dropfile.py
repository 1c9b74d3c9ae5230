"""The four forms of a dropped file, and everything that is none of them."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clodputer.store.spool import dropfile
from clodputer.store.spool.dropfile import Unreadable
from tests.examples import examples


@pytest.mark.parametrize(
    ("name", "data", "fields"),
    [
        ("a.json", b'{"task": "x"}', {"task": "x"}),
        ("A.JSON", b'{"task": "x"}\n', {"task": "x"}),
        ("a.json", b'\xef\xbb\xbf{"task": "x"}', {"task": "x"}),
        ("a.yaml", b"task: x\ncontext: {a: [1, 2]}\n", {"task": "x", "context": {"a": [1, 2]}}),
        ("a.yml", b"task: x\r\npriority: 5\r\n", {"task": "x", "priority": 5}),
        ("a.md", b"---\ntask: x\n---\nHello\n\nthere\n", {"task": "x", "body": "Hello\n\nthere\n"}),
        ("a.md", b"---\r\ntask: x\r\n---\r\nHello\r\n", {"task": "x", "body": "Hello\r\n"}),
        ("a.md", b"---\ntask: x\n---\n", {"task": "x"}),
        ("a.md", b"---\ntask: x\n---\na\n---\nb\n", {"task": "x", "body": "a\n---\nb\n"}),
        ("nightly", b"", {"task": "nightly"}),
        ("nightly.v2", b"", {"task": "nightly.v2"}),
    ],
)
def test_forms(tmp_path: Path, name: str, data: bytes, fields: Any) -> None:
    """JSON, YAML, Markdown with front matter, and an empty file named like a task."""
    (tmp_path / name).write_bytes(data)
    assert dropfile.read(str(tmp_path / name), name).fields == fields


@pytest.mark.parametrize(
    ("name", "data", "message", "incomplete"),
    [
        ("a.json", b"", "it is not JSON", True),
        ("a.json", b'{"task": ', "it is not JSON", True),
        ("a.json", b'{"task": "\xff"}', "it is not UTF-8 text", True),
        ("a.json", b"[" * 100_000, "it is not JSON", True),
        ("a.yaml", b"task: [", "line 1: not readable as YAML", True),
        ("a.yaml", b"task: !!python/object/apply:os.system [ls]\n", "line 1: the tag", True),
        ("a.yaml", b"task: a\ntask: b\n", "line 2: the key 'task' is given a second time", True),
        ("a.md", b"Hello\n", "its first line is not ---", True),
        ("a.md", b"---\ntask: x\n", "no second line ---", True),
        ("a.md", b"---\n- x\n---\nbody\n", "names no fields", False),
        ("a.md", b"---\ntask: [\n---\nbody\n", "line 3: not readable as YAML", True),
        ("a.md", b"---\ntask: x\nbody: y\n---\nz\n", "keep one of them", False),
        ("a.txt", b"hello\n", "none of the forms", True),
        ("nightly", b"text", "none of the forms", True),
        (".hidden", b"", "begins with a dot", True),
        ("new\nline.json", b"{}", "control characters", False),
        ("bell\a.json", b"{}", "control characters", False),
        ("x" * 160 + ".json", b"{}", "longer than", False),
        ("big.json", b" " * (dropfile.LARGEST + 1), "put the bulk into a file", False),
    ],
)
def test_what_is_none(tmp_path: Path, name: str, data: bytes, message: str, incomplete: bool) -> None:
    """Each says what is wrong, and whether it may merely be unfinished."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Unreadable) as caught:
        dropfile.read(str(tmp_path / name), name)
    assert message in str(caught.value)
    assert caught.value.incomplete is incomplete


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """Links, folders, pipes and sockets are refused without being opened: a pipe would hold us for ever."""
    (tmp_path / "real.json").write_text('{"task": "x"}')
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.json"))
        for name, kind in (
            ("link", "symbolic link"),
            ("folder", "folder"),
            ("pipe", "pipe"),
            ("socket", "socket"),
        ):
            with pytest.raises(Unreadable, match=kind):
                dropfile.read(str(tmp_path / f"{name}.json"), f"{name}.json")


def test_an_unfinished_text_is_told_from_a_whole_one(tmp_path: Path) -> None:
    """A text without its final newline may still be growing; JSON shows by itself whether it is whole."""
    for name, data, whole in (
        ("a.yaml", b"task: x", False),
        ("b.yaml", b"task: x\n", True),
        ("c.json", b'{"task":"x"}', True),
    ):
        (tmp_path / name).write_bytes(data)
        assert dropfile.read(str(tmp_path / name), name).whole is whole


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=examples(200),
)
@given(st.binary(), st.sampled_from(["a.json", "a.yaml", "a.md", "a"]))
def test_no_content_breaks_it(tmp_path: Path, data: bytes, name: str) -> None:
    """Any bytes are fields or Unreadable, nothing else."""
    (tmp_path / name).write_bytes(data)
    with contextlib.suppress(Unreadable):
        dropfile.read(str(tmp_path / name), name)
