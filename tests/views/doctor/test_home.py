"""What the doctor says of the home."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.taskstate import dismissed
from clodputer.views.doctor.home import home as doctor_home
from clodputer.views.doctor.home import records
from clodputer.views.doctor.outside import secret
from tests.doctoring import facts, make_older, one
from tests.workshop import make_home


def test_a_home(home: Home, tmp_path: Path) -> None:
    one(doctor_home.home(facts(home)), "ok")
    assert "clodputer init" in one(doctor_home.home(facts(Home(str(tmp_path / "none")))), "problem").remedy
    (tmp_path / "file").touch()
    assert "is not a folder" in one(doctor_home.home(facts(Home(str(tmp_path / "file")))), "problem").message


def test_a_home_of_somebody_else(home: Home) -> None:
    assert "belongs to" in one(doctor_home.home(facts(home, user=os.getuid() + 1)), "problem").message


def test_a_home_that_lacks_a_folder(home: Home) -> None:
    os.rmdir(home.dead)
    found = one(doctor_home.home(facts(home)), "problem")
    assert "spool/dead" in found.message
    assert found.fix is not None


@pytest.mark.parametrize(("mode", "words"), [(0o750, "look into"), (0o720, "write to"), (0o777, "write to")])
def test_others_can_get_in(home: Home, mode: int, words: str) -> None:
    one(doctor_home.mode(facts(home)), "ok")
    os.chmod(home.root, mode)
    found = one(doctor_home.mode(facts(home)), "problem")
    assert words in found.message
    assert found.fix is not None
    assert (found.fix.paths, found.fix.mode) == ((home.root,), 0o700)


def test_others_can_replace_it(tmp_path: Path) -> None:
    """A folder above the home in which everybody may rename; the sticky bit of /tmp is what makes that one safe."""
    above = tmp_path / "open"
    above.mkdir()
    home = make_home(above)
    above.chmod(0o777)
    assert "put another home" in one(doctor_home.mode(facts(home)), "problem").message
    above.chmod(0o1777)
    one(doctor_home.mode(facts(home)), "ok")


def test_secrets(home: Home) -> None:
    one(secret.file_and_references(facts(home)), "ok")
    path = Path(home.secrets)
    path.write_text("TOKEN=a-very-secret-value\n")
    path.chmod(0o640)
    found = one(secret.file_and_references(facts(home)), "problem")
    assert found.fix is not None
    assert found.fix.mode == 0o600
    path.chmod(0o600)
    assert "1 value" in one(secret.file_and_references(facts(home)), "ok").message
    path.write_text("a-very-secret-value\n")
    found = one(secret.file_and_references(facts(home)), "problem")
    assert found.fix is None
    assert "a-very-secret-value" not in str(found)


def test_a_place_where_locks_hold(home: Home) -> None:
    one(doctor_home.place(facts(home)), "ok")
    assert os.listdir(home.tmp) == []


def test_a_place_that_is_copied_elsewhere(tmp_path: Path) -> None:
    home = make_home(tmp_path / "Dropbox (Ada)" / "things")
    assert "Dropbox" in one(doctor_home.place(facts(home)), "note").message


LINUX = """\
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/ada/disk ext4 rw 0 0
ada@host: /mnt/my\\040host fuse.sshfs rw 0 0
"""
MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only)
//ada@server/share on /Volumes/my share (1) (smbfs, nodev, nosuid)
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/etc", "ext4"),
        ("/home/ada/.clodputer", "nfs4"),
        ("/home/ada/disk/x", "ext4"),
        ("/homes", "ext4"),
        ("/mnt/my host/x", "fuse.sshfs"),
    ],
)
def test_kinds_of_file_systems_on_linux(path: str, kind: str) -> None:
    assert doctor_home.kind_of(path, doctor_home.mounts_of_linux(LINUX)) == kind


def test_kinds_of_file_systems_on_macos() -> None:
    mounts = doctor_home.mounts_of_macos(MACOS)
    assert doctor_home.kind_of("/Users/ada", mounts) == "apfs"
    assert doctor_home.kind_of("/Volumes/my share (1)/home", mounts) == "smbfs"
    assert {"smbfs", "nfs4", "fuse.sshfs"} <= doctor_home.NETWORK


GB = 10**9


@pytest.mark.parametrize(
    ("free", "total", "level"),
    [
        (100 * GB, 500 * GB, "ok"),
        (GB - 1, 2 * GB, "problem"),
        (4 * GB, 500 * GB, "problem"),
        (6 * GB, 100 * GB, "ok"),
        (200 * GB, 8000 * GB, "ok"),
        (0, 0, "problem"),
    ],
)
def test_room_on_the_disk(free: int, total: int, level: str) -> None:
    one(doctor_home.disk_of("/x", free, total), level)


def test_the_disk_of_the_home_is_looked_at(home: Home) -> None:
    assert "GB" in doctor_home.disk(facts(home))[0].message


def test_the_log(home: Home) -> None:
    one(doctor_home.log(facts(home)), "ok")
    Path(home.log).write_text("{}\n")
    one(doctor_home.log(facts(home)), "ok")
    os.truncate(home.log, 600 * 10**6)
    assert "600 MB" in one(doctor_home.log(facts(home)), "note").message
    os.unlink(home.log)
    os.mkdir(home.log)
    assert "not a regular file" in one(doctor_home.log(facts(home)), "problem").message


@pytest.mark.usefixtures("mortal")
def test_a_log_that_cannot_be_written(home: Home) -> None:
    Path(home.log).touch(mode=0o400)
    assert one(doctor_home.log(facts(home)), "problem").fix is not None


def test_the_cache(home: Home) -> None:
    Path(home.cache, "entry.json").write_text("{}")
    Path(home.cache, "x.1.tmp").touch()
    one(doctor_home.cache(facts(home)), "ok")
    make_older(f"{home.cache}/x.1.tmp", 2 * 86400)
    assert one(doctor_home.cache(facts(home)), "note").fix is not None
    assert "another account" in one(doctor_home.cache(facts(home, user=os.getuid() + 1)), "note").message


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to somebody else")
def test_files_of_another_account(home: Home) -> None:
    """As `sudo clodputer run` once left them, wherever they are; with the command that helps."""
    one(doctor_home.owners(facts(home)), "ok")
    lock = Path(home.lanes, "default", "slot-0.lock")
    lock.touch()
    os.chown(lock, 54321, 54321)
    found = one(doctor_home.owners(facts(home)), "problem")
    assert "spool/lanes/default/slot-0.lock" in found.message
    assert found.remedy == f"Run: sudo chown -hR {os.getuid()} {home.root}"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"edits": []}', '{"edits": {', "\xff", "[" * 5000])
def test_a_list_of_dismissed_advice_that_is_damaged(home: Home, text: str) -> None:
    """It is named, and all advice is listed again once it is moved away, as the remedy says."""
    one(records.advice(facts(home)), "ok")
    Path(home.dismissed).write_bytes(text.encode("latin-1"))
    found = one(records.advice(facts(home)), "problem")
    assert f"{home.dismissed} does not list dismissed advice" in found.message
    assert "move it away" in (found.remedy or "")
    os.rename(home.dismissed, f"{home.dismissed}.old")
    dismissed.add(home, "1a2b3c4d", "nightly", "timeout", 1.0)
    assert "1 piece of advice" in one(records.advice(facts(home)), "ok").message
    os.unlink(home.dismissed)
    os.mkdir(home.dismissed)
    one(records.advice(facts(home)), "problem")
