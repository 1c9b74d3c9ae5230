"""The script of a lab: it is told a word on each line and answers on one, or ends with a status that says why it cannot."""

from __future__ import annotations

import os
import subprocess

import pytest

# What a script ends with when something is missing that could be had, and when the kernel does not have it.
MISSING, IMPOSSIBLE = 77, 78


def begin(*argv: str) -> subprocess.Popen[str]:
    """Start the script."""
    return subprocess.Popen(
        ["bash", *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def order(script: subprocess.Popen[str], word: str, answer: str, what: str) -> str:
    """Tell it a word and wait for the line that begins with that answer; the last word of it.

    The test is skipped when the script says that there can be no such `what` here.
    """
    assert script.stdin is not None
    assert script.stdout is not None
    try:
        script.stdin.write(f"{word}\n")
        script.stdin.flush()
    except BrokenPipeError:
        pass
    answered = script.stdout.readline().split()
    if answered[:1] == [answer]:
        return answered[-1]
    _, stderr = script.communicate()
    code, build_machine = script.returncode, os.environ.get("CI") == "true"
    if code == IMPOSSIBLE or (code == MISSING and not build_machine):
        pytest.skip(f"no {what} for tests: {stderr.strip()}")
    pytest.fail(f"the lab ended with {code}: {stderr}")
