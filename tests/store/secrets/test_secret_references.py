"""Secrets by reference, each kind against real programs and files: found exactly, bounded, and never in a message."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Union

import pytest

from clodputer.model.config.secretref import SETTING, Failure, words
from clodputer.model.config.withunit import Expected
from clodputer.store.secrets import fetch
from tests.wait import until
from tests.workshop import alive, program

VALUE = "s3cret-value-of-a-store"


def look_up(
    reference: dict[str, Any], folder: Path, seconds: float = 5.0, **environ: str
) -> Union[str, Failure]:
    """The secret, or why there is none."""
    return fetch.one(
        "X", reference, {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), **environ}, seconds
    )


def failure(found: Union[str, Failure], *, passes: bool, says: str) -> None:
    """It failed in that way, and tells nothing of the secret."""
    assert isinstance(found, Failure), found
    assert (found.passes, says in found.message) == (passes, True), found
    assert VALUE not in found.message


@pytest.mark.parametrize(
    ("printed", "secret"),
    [
        ("abc\\n", "abc"),
        ("abc", "abc"),
        ("abc\\r\\n", "abc"),
        ("abc\\n\\n", "abc\n"),
        (" a b ", " a b "),
        ("line 1\\nline 2\\n", "line 1\nline 2"),
    ],
)
def test_one_newline_at_the_end_is_no_part_of_it(tmp_path: Path, printed: str, secret: str) -> None:
    program(tmp_path, "pass", f"printf '{printed}'")
    assert look_up({"command": ["pass", "show", "x"]}, tmp_path) == secret


@pytest.mark.parametrize(
    ("script", "passes", "says"),
    [
        (f"echo {VALUE} >&2; exit 2", True, "status 2"),
        (f"echo {VALUE}; exit 1", True, "status 1"),
        ("kill -9 $$", True, "signal 9"),
        ("exit 0", False, "empty"),
        ("head -c 70000 /dev/zero | tr '\\0' x", False, "larger than 64 KB"),
        ("yes | tr -d '\\n'", False, "larger than 64 KB"),
        ("printf 'a\\0b'", False, "NUL"),
        ("printf '\\377'", False, "not UTF-8"),
    ],
)
def test_a_program_that_gives_none(tmp_path: Path, script: str, passes: bool, says: str) -> None:
    program(tmp_path, "pass", script)
    failure(look_up({"command": ["pass"]}, tmp_path), passes=passes, says=says)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    failure(
        look_up({"command": ["no-such-program", VALUE]}, tmp_path),
        passes=False,
        says="no program no-such-program",
    )


def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    program(tmp_path, "pass", f"sleep 1000 & echo $$ $! > {tmp_path}/pids; sleep 1000")
    found = look_up({"command": ["pass"]}, tmp_path, seconds=0.5)
    failure(found, passes=True, says="longer than 0.5 s")
    assert isinstance(found, Failure)
    assert found.slow
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    until(lambda: not any(map(alive, pids)), message="its processes did not end")


def test_what_is_left_behind_with_the_output_open_holds_up_nobody(tmp_path: Path) -> None:
    program(tmp_path, "pass", f"sleep 1000 & echo {VALUE}")
    assert look_up({"command": ["pass"]}, tmp_path, seconds=30) == VALUE


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{VALUE}\n")
    path.chmod(0o600)
    (tmp_path / "link").symlink_to(path)
    assert look_up({"file": "~/secret"}, tmp_path) == VALUE
    assert look_up({"file": str(tmp_path / "link")}, tmp_path) == VALUE
    path.chmod(0o640)
    for name in ("secret", "link"):
        failure(look_up({"file": str(tmp_path / name)}, tmp_path), passes=False, says="chmod 600")
    failure(look_up({"file": str(tmp_path / "none")}, tmp_path), passes=True, says="cannot be read")
    failure(look_up({"file": str(tmp_path)}, tmp_path), passes=False, says="not a regular file")
    os.mkfifo(tmp_path / "pipe", 0o600)
    failure(look_up({"file": str(tmp_path / "pipe")}, tmp_path), passes=False, says="not a regular file")


def test_a_credential_of_systemd(tmp_path: Path) -> None:
    (tmp_path / "github").write_text(VALUE)
    reference = {"credential": "github"}
    assert look_up(reference, tmp_path, CREDENTIALS_DIRECTORY=str(tmp_path)) == VALUE
    failure(look_up(reference, tmp_path), passes=True, says="no credentials")
    missing = look_up({"credential": "gitlab"}, tmp_path, CREDENTIALS_DIRECTORY=str(tmp_path))
    failure(missing, passes=False, says="LoadCredential=gitlab:")


def test_the_keychain_is_asked_with_names_alone(tmp_path: Path) -> None:
    name = "security" if sys.platform == "darwin" else "secret-tool"
    failure(look_up({"keychain": "github"}, tmp_path / "empty"), passes=False, says="no program") if (
        sys.platform != "darwin"
    ) else None
    program(tmp_path, name, f'echo "$@" > {tmp_path}/asked; echo {VALUE}')
    assert look_up({"keychain": "github", "account": "robot"}, tmp_path) == VALUE
    asked = (tmp_path / "asked").read_text().split()
    assert {"github", "robot"} <= set(asked)
    assert ("-w" in asked) == (sys.platform == "darwin")


@pytest.mark.parametrize(
    ("references", "says"),
    [
        ({"A-B": {"file": "/x"}}, "A-B"),
        ({"A": {}}, "exactly one of"),
        ({"A": {"file": "/x", "command": ["x"]}}, "command and file"),
        ({"A": {"file": "/x", "account": "me"}}, "account only beside keychain"),
    ],
)
def test_what_is_no_reference(references: dict[str, Any], says: str) -> None:
    assert SETTING.check is not None
    with pytest.raises(Expected) as raised:
        SETTING.check(references)
    assert says in raised.value.message("it")


def test_words_name_the_reference() -> None:
    assert words({"command": ["pass", "show", "x"]}) == "command pass show x"
    assert words({"keychain": "github", "account": "me"}) == "keychain github, account me"
