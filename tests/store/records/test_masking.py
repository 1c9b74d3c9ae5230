"""Secrets are taken out of the files that a run keeps, however they are spelt and wherever a chunk ends."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path

import pytest

from clodputer.model.text.mask import MASK, masker
from clodputer.store.records import masking

SECRET = "p&ss w\"o'rd/<e>$x!"
LINE = b'{"type": "assistant", "message": "the quick brown fox jumps over the lazy dog"}\n'


@pytest.mark.parametrize("before", [-46, -40, -33, -27, -20, -9, -8, -1, 0, 7])
def test_a_secret_between_two_chunks(tmp_path: Path, before: int) -> None:
    """In base64 inside JSON, at every place about the end of a chunk: nothing of it is left, and nothing else is lost."""
    path = tmp_path / "stdout"
    inside = json.dumps({"auth": "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()}).encode()
    head = b"-" * (masking.CHUNK + before) + b"\n"
    path.write_bytes(head + inside + b"\n" + LINE)
    assert masking.mask_file(str(path), masker([SECRET]))
    assert path.read_bytes() == head + b'{"auth": "Basic bWU6***"}\n' + LINE
    assert not masking.holds_secret(str(path), masker([SECRET]))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A secret of the environment with such bytes is found as the program prints it."""
    secret = os.fsdecode(b"k\xe9y-\xff\xfe-of-mine")
    path = tmp_path / "stderr"
    path.write_bytes(b"it is " + os.fsencode(secret) + b" then")
    assert masking.mask_file(str(path), masker([secret]))
    assert path.read_bytes() == f"it is {MASK} then".encode()


def test_a_large_stream_takes_seconds(tmp_path: Path) -> None:
    """40 MB and a dozen secrets, one of them a private key."""
    key = "\n".join(base64.b64encode(os.urandom(48)).decode() for _ in range(26))
    secrets = [key, SECRET, *(f"token-{number}-{number:030x}" for number in range(10))]
    path = tmp_path / "stdout"
    path.write_bytes(LINE * (40_000_000 // len(LINE)) + key.splitlines()[7].encode())
    began = time.process_time()
    assert masking.mask_file(str(path), masker(secrets))
    assert time.process_time() - began < 40
    assert key.splitlines()[7].encode() not in path.read_bytes()[-200:]
