"""Hostile and damaged archives: whatever is in one, nothing is put in place, and nothing outside is touched."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.archive.backup import parts, restore
from clodputer.archive.backup.backup import Wanted
from clodputer.archive.format import file, reading
from clodputer.archive.format.manifest import Manifest, Sum, digest_of, end_line, sum_line
from clodputer.model.errors import ClodputerError
from clodputer.store.home import FORMAT, Home
from tests.workshop import command_task, drop

MANIFEST = Manifest(FORMAT, "0", "2026-01-01T00:00:00Z", "/h", "all", False, 0)


def info(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, link
    return made


def archive(add: Callable[[tarfile.TarFile], None], manifest: object = None) -> bytes:
    """An archive whose manifest is right, with what `add` puts into it; without checksums."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        data = json.dumps(manifest or MANIFEST.to_json()).encode()
        tar.addfile(info(parts.MANIFEST, size=len(data)), io.BytesIO(data))
        add(tar)
    return out.getvalue()


def whole(*members: tuple[str, bytes]) -> bytes:
    """An archive with right checksums."""
    data = json.dumps(MANIFEST.to_json()).encode()
    lines = [sum_line(Sum(parts.MANIFEST, len(data), digest_of(data)))]
    lines += [sum_line(Sum(f"home/{name}", len(content), digest_of(content))) for name, content in members]
    sums = b"".join(lines) + end_line(len(lines), digest_of(b"".join(lines)))

    def add(tar: tarfile.TarFile) -> None:
        for name, content in (
            *((f"home/{name}", content) for name, content in members),
            (parts.CHECKSUMS, sums),
        ):
            tar.addfile(info(name, size=len(content)), io.BytesIO(content))

    return archive(add)


def refused(tmp_path: Path, data: bytes) -> ClodputerError:
    """The error of restoring it; nothing is there afterwards."""
    stage = tmp_path / "stage"
    stage.mkdir()
    home = Home(str(stage / "home"))
    with pytest.raises(ClodputerError) as caught:
        restore.restore(io.BytesIO(data), home, time.time())
    assert os.listdir(stage) == []
    return caught.value


def one(member: tarfile.TarInfo, content: bytes = b"") -> Callable[[tarfile.TarFile], None]:
    return lambda tar: tar.addfile(member, io.BytesIO(content))


def test_a_right_one_is_taken(tmp_path: Path) -> None:
    """The others are refused for what is wrong with them."""
    home = Home(str(tmp_path / "home"))
    restore.restore(io.BytesIO(whole(("tasks/a.yaml", b"prompt: x\n"))), home, time.time())
    assert Path(home.tasks, "a.yaml").read_text() == "prompt: x\n"


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "home/../../x",
        "home/tasks/../../../x",
        "home//tasks/x",
        "home/tasks/./x",
        "home/tasks/",
        "home/tasks",
        "home/bin/clodputer",
        "home/strange",
        "home/config.yaml/x",
        "home",
        "elsewhere",
        "home/tasks/" + "x" * 300,
        "home/tasks/" + "x/" * 30 + "x",
    ],
)
def test_a_path_that_is_none_of_a_home(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path, archive(one(info(name)))).code == "archive_damaged"
    assert not Path(tmp_path, "x").exists()


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.SYMTYPE, ".."),
        (tarfile.LNKTYPE, "manifest.json"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
        (tarfile.DIRTYPE, ""),
        (tarfile.GNUTYPE_SPARSE, ""),
        (b"Z", ""),
    ],
)
def test_what_is_no_plain_file(tmp_path: Path, kind: bytes, link: str) -> None:
    assert refused(tmp_path, archive(one(info("home/tasks/x", kind, link=link)))).code == "archive_damaged"


def test_one_path_twice(tmp_path: Path) -> None:
    error = refused(tmp_path, whole(("tasks/a", b"1"), ("tasks/a", b"2")))
    assert "twice" in error.message


@pytest.mark.parametrize("names", [("tasks/a", "tasks/a/b"), ("tasks/a/b", "tasks/a")])
def test_a_file_that_is_a_folder_too(tmp_path: Path, names: tuple[str, str]) -> None:
    refused(tmp_path, whole(*((name, b"") for name in names)))


def test_a_checksum_of_something_else(tmp_path: Path) -> None:
    data = whole(("tasks/a", b"right"))
    assert "checksum" in refused(tmp_path, data.replace(b"right", b"wrong")).message


def test_an_end_that_is_missing(tmp_path: Path) -> None:
    assert "end" in refused(tmp_path, archive(one(info("home/tasks/x")))).message


def test_more_than_the_disk_takes(tmp_path: Path) -> None:
    """A size in a header is a word only: it is compared with what is free before anything is written."""
    huge = info("home/tasks/x", size=1 << 60)
    head = archive(lambda _: None)[: -2 * 512]
    head = head[: len(head) // 512 * 512].rstrip(b"\0")
    head += bytes(-len(head) % 512)
    error = refused(tmp_path, head + huge.tobuf(tarfile.GNU_FORMAT))
    assert error.code == "no_room"


def test_a_header_that_would_fill_the_memory(tmp_path: Path) -> None:
    long = info("home/tasks/x")
    long.pax_headers = {"comment": "x" * (4 << 20)}
    assert "header" in refused(tmp_path, archive(one(long))).message


@pytest.mark.parametrize(
    "manifest",
    [[], {"kind": "other"}, {**MANIFEST.to_json(), "version": 2}, {"kind": "clodputer-backup", "version": 1}],
)
def test_a_manifest_that_is_none(tmp_path: Path, manifest: object) -> None:
    refused(tmp_path, archive(lambda _: None, manifest or "x"))


def test_a_newer_home(tmp_path: Path) -> None:
    data = archive(lambda _: None, MANIFEST._replace(home_format=FORMAT + 1).to_json())
    assert refused(tmp_path, data).code == "home_newer"


def test_one_that_is_cut_or_has_a_wrong_byte_anywhere(tmp_path: Path, home: Home) -> None:
    """A real one, cut and spoiled at many places: it is refused, or says exactly what it said before."""
    command_task(home, "a", "/bin/true")
    drop(home, "a.json", '{"task": "a"}')
    path = tmp_path / "x.tar.gz"
    file.write(home, str(path), Wanted(), time.time())
    data = path.read_bytes()
    plain = gzip.decompress(data)
    for number, kind in enumerate((data, plain)):
        for place in range(0, len(kind), max(1, len(kind) // 60)):
            spoiled = kind[:place] + bytes([kind[place] ^ 0x41]) + kind[place + 1 :]
            for each in (kind[:place], spoiled):
                try:
                    found = restore.look(io.BytesIO(each), Home(str(tmp_path / "none")))
                except ClodputerError as error:
                    code = error.code
                else:
                    code = "" if found.tasks == ("a.yaml",) else "another"
                assert code in ("archive_damaged", "home_newer", ""), (number, place)


STEPS = st.sampled_from(("tasks", "..", ".", "", "a", "spool", "/", "\0", "config.yaml", "ä", "\udcff"))


@given(st.lists(STEPS, max_size=30).map("/".join))
def test_whatever_path_is_taken_stays_inside(path: str) -> None:
    if reading.problem(path) == "":
        joined = os.path.normpath(os.path.join("/root-of-home", path))
        assert joined == f"/root-of-home/{path}"
        assert parts.may_be_restored(path.split("/", maxsplit=1)[0])
