"""The frozen environment: complete, lasting, and without anything secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.schedulers import freeze, pathfolders, place
from clodputer.schedulers.pathfolders import USUAL, Folder, choose
from clodputer.store.files import owner as owners
from clodputer.store.home import Home
from tests.workshop import make_home

ACCOUNT = {"HOME": "/home/ann", "USER": "ann", "LOGNAME": "ann", "SHELL": "/bin/fish"}


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        (Folder("/opt/tools", "/opt/tools"), "/opt/tools"),
        (Folder("/opt/tools/", "/opt/tools"), "/opt/tools"),
        (Folder("/opt/link", "/elsewhere"), "/opt/link"),
        (Folder(""), ""),
        (Folder("."), ""),
        (Folder("node_modules/.bin"), ""),
        (Folder("~/bin"), ""),
        (Folder("/opt/gone", "/opt/gone", there=False), ""),
        (Folder("/opt/all", "/opt/all", open=True), ""),
        (Folder("/opt/a\nb", "/opt/a\nb"), ""),
        (Folder("/opt/\udcff", "/opt/\udcff"), ""),
        (Folder("/tmp/x/bin", "/tmp/x/bin"), ""),
        (Folder("/projects/site/node_modules/.bin", "/projects/site/node_modules/.bin"), ""),
        (Folder("/projects/venv/bin", "/projects/venv/bin"), ""),
        (Folder("/projects/venv2/bin", "/projects/venv2/bin"), "/projects/venv2/bin"),
        (Folder("/my/tmp/bin", "/my/tmp/bin"), ""),
        (
            Folder("/run/user/1000/fnm_multishells/7_1/bin", "/home/ann/.fnm/v20/bin"),
            "/home/ann/.fnm/v20/bin",
        ),
    ],
)
def test_which_folders_are_frozen(part: Folder, kept: str) -> None:
    """Only what means the same in every shell, in every folder, tomorrow."""
    chosen = choose([part], {"VIRTUAL_ENV": "/projects/venv", "TMPDIR": "/my/tmp/"})
    assert chosen.folders == ((kept, *USUAL) if kept else USUAL)
    assert [name for name, _ in chosen.left_out] == ([] if kept else [part.path])


def test_order_is_kept_and_nothing_is_there_twice() -> None:
    parts = [Folder("/b", "/b"), Folder("/usr/bin", "/usr/bin"), Folder("/a", "/a"), Folder("/b/", "/b")]
    chosen = choose(parts, {}, ("/a", "/claude"))
    assert chosen.folders == (
        "/b",
        "/usr/bin",
        "/a",
        "/claude",
        "/usr/local/bin",
        "/bin",
        "/usr/sbin",
        "/sbin",
    )


def test_a_look_at_real_folders(tmp_path: Path) -> None:
    """Links are followed, what is not a folder is not there, and a folder for all is seen as one."""
    (tmp_path / "good").mkdir()
    (tmp_path / "link").symlink_to("good")
    (tmp_path / "file").write_text("")
    (tmp_path / "all").mkdir()
    (tmp_path / "all").chmod(0o777)
    path = os.pathsep.join(
        [*(str(tmp_path / name) for name in ("good", "link", "file", "all", "gone")), "", "x"]
    )
    good, link, file, everybody, gone, empty, relative = pathfolders.look(path)
    assert (good.there, good.open, link.real) == (True, False, os.path.realpath(tmp_path / "good"))
    assert (file.there, everybody.open, gone.there) == (False, True, False)
    assert (empty, relative) == (Folder(""), Folder("x"))
    assert pathfolders.look("") == []


def test_what_is_frozen() -> None:
    """These and no others, of the account and not of whoever started the shell."""
    frozen = freeze.freeze(
        {"HOME": "/home/ann", "USER": "root", "LANG": "de_DE.UTF-8", "TZ": "Asia/Tokyo"},
        ACCOUNT,
        "/home/ann/.clodputer",
        [Folder("/a", "/a")],
        (),
        "linux",
    )
    assert frozen.environment == {
        "PATH": os.pathsep.join(["/a", *USUAL]),
        "HOME": "/home/ann",
        "USER": "ann",
        "LOGNAME": "ann",
        "SHELL": "/bin/sh",
        "LANG": "de_DE.UTF-8",
        "CLODPUTER_HOME": "/home/ann/.clodputer",
    }
    assert any("TZ" in note for note in frozen.notes)


def test_the_sweep_rings_as_often_as_config_says(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    assert place.look(home, {"PATH": "/nowhere"}, "linux").frame.sweep == 300
    Path(home.config).write_text("sweep: 2m\n")
    assert place.look(home, {"PATH": "/nowhere"}, "linux").frame.sweep == 120


def test_nothing_secret_is_frozen() -> None:
    """Of a terminal full of secrets no value is written down or told; what runs will miss is told by name."""
    names = (
        "ANTHROPIC_API_KEY",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "HTTPS_PROXY",
        "DATABASE_URL",
        "SSH_AUTH_SOCK",
        "PGPASSWORD",
        "NPM_TOKEN",
        "MY_OWN",
    )
    environ = {name: f"hush-{name}" for name in names}
    frozen = freeze.freeze(environ, ACCOUNT, "/h", [], (), "linux", frozenset(("ANTHROPIC_API_KEY",)))
    told = repr(frozen)
    assert "hush" not in told
    assert "CLAUDE_CODE_OAUTH_TOKEN, ANTHROPIC" not in told
    login, network = (note for note in frozen.notes if "not for runs that the scheduler starts" in note)
    assert "CLAUDE_CODE_OAUTH_TOKEN (" in login
    assert login.endswith("secrets.env)")
    assert "ANTHROPIC_API_KEY" not in login
    # secrets.env gives a run nothing but claude's login: for the rest it would be no remedy.
    assert "HTTPS_PROXY (" in network
    assert "secrets.env" not in network


@pytest.mark.parametrize(
    ("environ", "platform", "language"),
    [
        ({"LANG": "fr_FR.utf8"}, "linux", "fr_FR.utf8"),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, "linux", "C.UTF-8"),
        ({"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, "linux", "C.UTF-8"),
        ({"LANG": "POSIX"}, "darwin", "en_US.UTF-8"),
        ({"LC_CTYPE": "UTF-8"}, "darwin", "en_US.UTF-8"),
        ({}, "linux", "C.UTF-8"),
        ({"LANG": "x\n.UTF-8"}, "linux", "C.UTF-8"),
    ],
)
def test_language(environ: dict[str, str], platform: str, language: str) -> None:
    """The person's own when it is in UTF-8."""
    assert freeze.language(environ, platform) == language


def test_differences_are_told() -> None:
    assert freeze.differences({"PATH": "/a:/b", "LANG": "x"}, {"PATH": "/b:/c", "LANG": "y"}) == [
        "LANG was x and is now y",
        "PATH has lost /a",
        "PATH has gained /c",
    ]
    assert freeze.differences({"PATH": "/a:/b"}, {"PATH": "/b:/a"}) == [
        "PATH has its folders in another order"
    ]
    assert freeze.differences({"PATH": "/a"}, {"PATH": "/a"}) == []


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_folder_of_claude_is_frozen(home: Home, tmp_path: Path) -> None:
    """Wherever its installer put it, and the node that it starts with it."""
    own = tmp_path / "own"
    claude = program(own / ".local/bin/claude", "#!/usr/bin/env node\n")
    node = program(tmp_path / "node/bin/node")
    found = place.look(home, {"HOME": str(own), "PATH": f"{node.parent}:/usr/bin"}, "linux")
    folders = found.frame.environment["PATH"].split(":")
    assert str(claude.parent) in folders
    assert str(node.parent) in folders  # although a temporary folder: the program that is needed is there
    assert not any("claude is not found" in note for note in found.notes)


def test_a_claude_that_is_not_there_is_told(home: Home, tmp_path: Path) -> None:
    found = place.look(home, {"HOME": str(tmp_path), "PATH": "/nowhere"}, "linux")
    if not any(
        os.path.exists(f"{folder}/claude") for folder in ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
    ):
        assert any("claude is not found" in note for note in found.notes)
    assert found.frame.account == str(tmp_path)
    assert found.frame.shim == f"{home.root}/bin/clodputer"


@pytest.mark.parametrize(
    ("environ", "uid", "owner", "code"),
    [
        ({"SUDO_USER": "ann"}, 0, 0, "sudo"),
        ({"SUDO_USER": "ann"}, 0, 1000, "sudo"),
        ({"SUDO_USER": "root"}, 0, 0, ""),
        ({"SUDO_USER": "ann"}, 1000, 1000, ""),
        ({}, 0, 0, ""),
        ({}, 0, 1000, "home_foreign"),
        ({}, 1000, 1001, "home_foreign"),
    ],
)
def test_whose_home_it_must_be(environ: dict[str, str], uid: int, owner: int, code: str) -> None:
    """One's own, as oneself."""
    refused = owners.refusal(environ, uid, owner, "/h")
    assert (refused.code if refused else "") == code


def test_places_are_the_same_when_the_shim_asks() -> None:
    """Else the shim would differ after an installation that was started by the shim."""
    strangers = frozenset(("/py/lib", "/py/lib/lib-dynload", "/caller"))
    path = ["/py/lib.zip", "/py/lib", "/py/lib/lib-dynload", "/caller", "relative", "/venv/site", "/editable"]
    first = place.places("/root", path, ["/venv/site", "/other"], strangers)
    assert first == ("/root", "/venv/site", "/editable", "/other")
    again = ["/py/lib.zip", "/py/lib", "/py/lib/lib-dynload", *first]
    assert place.places("/root", again, ["/venv/site", "/other"], strangers) == first
