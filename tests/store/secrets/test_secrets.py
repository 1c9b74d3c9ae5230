"""secrets.env: read exactly, guarded by its mode, and never told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.errors import ClodputerError
from clodputer.model.text.mask import MASK
from clodputer.store import secrets
from clodputer.store.home import Home
from tests.workshop import make_home


def _home(tmp_path: Path, content: bytes, mode: int = 0o600) -> Home:
    home = make_home(tmp_path)
    path = Path(home.secrets)
    path.write_bytes(content)
    path.chmod(mode)
    return home


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", {}),
        ("# nothing\n\n   # here\n", {}),
        ("A=1\nB=two\n", {"A": "1", "B": "two"}),
        ("A=1", {"A": "1"}),
        ("export A=1\n  export   B=2\n", {"A": "1", "B": "2"}),
        ("export=1\n", {"export": "1"}),
        ("A=\nB=''\nC=\"\"\n", {"A": "", "B": "", "C": ""}),
        ("A=x=y==\n", {"A": "x=y=="}),
        ("A=a b c  \n", {"A": "a b c"}),
        ("A=a#b # c\nB=#x\nC=a\t# d\n", {"A": "a#b", "B": "#x", "C": "a"}),
        ("A='a # $B \\n \"' # c\n", {"A": 'a # $B \\n "'}),
        ('A="a # \\n \\t \\" \\\\ \\$x \\q \'" # c\n', {"A": "a # \n \t \" \\ $x \\q '"}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=ü€\n_b2=$HOME `ls`\n", {"A": "ü€", "_b2": "$HOME `ls`"}),
    ],
)
def test_what_is_read(content: str, expected: dict[str, str], tmp_path: Path) -> None:
    """Names and values are read as a shell would, but nothing is expanded."""
    assert secrets.load(_home(tmp_path, content.encode())) == expected


def test_no_file(tmp_path: Path) -> None:
    """Nobody needs to have secrets."""
    assert secrets.load(make_home(tmp_path)) == {}


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"A=1\nhunter2\n", 2, "expected NAME=VALUE, without spaces around the ="),
        (b"A = hunter2\n", 1, "expected NAME=VALUE, without spaces around the ="),
        (b"A= hunter2\n", 1, "expected NAME=VALUE, without spaces around the ="),
        (b"=hunter2\n", 1, "expected NAME=VALUE, without spaces around the ="),
        (b"set A=hunter2\n", 1, "expected NAME=VALUE, without spaces around the ="),
        (b"2A=hunter2\n", 1, "expected a name of letters, digits and _ before the ="),
        (b"A-B=hunter2\n", 1, "expected a name of letters, digits and _ before the ="),
        ("ü=hunter2\n".encode(), 1, "expected a name of letters, digits and _ before the ="),
        (b"\nA=1\n\nA=hunter2\n", 4, "A is set a second time; it was set in line 2"),
        (
            b"A='hunter2\n",
            1,
            (
                "the quote that opens the value of A is not closed on its line "
                "(inside double quotes, \\n makes a line break)"
            ),
        ),
        (
            b'A="hunter2\\"\n',
            1,
            (
                "the quote that opens the value of A is not closed on its line "
                "(inside double quotes, \\n makes a line break)"
            ),
        ),
        (b"A='x'hunter2\n", 1, "something follows the closing quote of A"),
        (b"A='x' hunter2\n", 1, "something follows the closing quote of A"),
        (b"A=1\nB=hunter2\xff\n", 2, "is not UTF-8 text"),
        (b"A=hunter2\0\n", 1, "the value of A holds a NUL character"),
    ],
)
def test_what_is_wrong(content: bytes, line: int, message: str, tmp_path: Path) -> None:
    """The line and the name are told, the value never."""
    home = _home(tmp_path, content)
    with pytest.raises(ClodputerError) as caught:
        secrets.load(home)
    assert (caught.value.code, caught.value.message) == (
        "secrets_invalid",
        f"{home.secrets}:{line}: {message}",
    )
    assert "hunter2" not in caught.value.hint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_others_may_read_it(mode: int, tmp_path: Path) -> None:
    """A file that others may read is refused, with the command that fixes it."""
    home = _home(tmp_path, b"A=1\n", mode)
    with pytest.raises(ClodputerError) as caught:
        secrets.load(home)
    assert (caught.value.code, caught.value.hint) == ("secrets_mode", f"chmod 600 {home.secrets}")
    Path(home.secrets).chmod(0o600)
    assert secrets.load(home) == {"A": "1"}


@pytest.mark.parametrize("kind", ["folder", "pipe", "huge", "loop"])
def test_something_else_of_that_name(kind: str, tmp_path: Path) -> None:
    """Neither a folder nor a pipe nor a giant holds us up."""
    home = make_home(tmp_path)
    if kind == "folder":
        os.mkdir(home.secrets)
    elif kind == "pipe":
        os.mkfifo(home.secrets, 0o600)
    elif kind == "loop":
        os.symlink(home.secrets, home.secrets)
    else:
        Path(home.secrets).write_bytes(b"#" * (1024 * 1024 + 1))
        Path(home.secrets).chmod(0o600)
    with pytest.raises(ClodputerError) as caught:
        secrets.load(home)
    assert caught.value.code == "secrets_invalid"


@settings(deadline=None)
@given(
    st.dictionaries(
        st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,9}\Z"),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30),
    )
)
def test_every_value_can_be_written(values: dict[str, str]) -> None:
    """Any text fits into double quotes."""
    lines = []
    for name, value in values.items():
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        lines.append(f'{name}="{quoted}"')
    assert secrets._parse("x", "\n".join(lines).encode()) == values


def test_what_is_masked() -> None:
    """All values of secrets.env, and variables that are secret by their name."""
    environ = {
        "GITHUB_TOKEN": "ghp_secret",
        "aws_secret_access_key": "aws/secret",
        "DB_PASSWORD": "correct horse",
        "X_PASSWD": "passwd-secret",
        "OPENAI_API_KEY": "sk-secret",
        "SSH_PRIVATE_KEY": "line one long\nline two long",
        "MY_CREDENTIALS": "cred-secret",
        "EDITOR": "visible-editor",
        "PATH": "/usr/bin",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "32000",
        "USE_TOKEN": "true",
    }
    mask = secrets.masker_for({"ANY": "from the file"}, environ)
    for name in [*list(environ)[:5], "MY_CREDENTIALS"]:
        assert mask.text(f"<{environ[name]}>") == f"<{MASK}>"
    assert mask.text("from the file") == MASK
    assert mask.text("line two long") == MASK
    assert mask.text("visible-editor /usr/bin 32000 true") == "visible-editor /usr/bin 32000 true"
