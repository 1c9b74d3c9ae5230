"""A bundle of a run: self-contained, checked by its manifest, and without any secret wherever it was planted; and replays."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.archive import bundle
from clodputer.archive.redact import Redactor
from clodputer.model.errors import ClodputerError
from clodputer.model.text.mask import Masker
from clodputer.runner.replay import play
from clodputer.store.home import Home
from tests.secrets_planted import PLANTED
from tests.workshop import clodputer, drop, execute, write_task

SECRET = "my-own-secret-of-this-home"
LETTERS = "https://user:hunter2hunter2@example.org"


def run_of(home: Home, task: str) -> Path:
    (folder,) = Path(home.runs, task).iterdir()
    return folder


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def called(home: Home, *arguments: str, status: int = 0) -> Any:
    envelope = json.loads(clodputer(home, *arguments, "--json", status=status)[0])
    return envelope["data"] if status == 0 else envelope["errors"][0]


def spelt(text: str) -> str:
    """As JSON that spells the first letters by their numbers."""
    return (
        '{"said": "'
        + "".join(f"\\u{ord(letter):04x}" for letter in text[:6])
        + json.dumps(text[6:])[1:]
        + "}"
    )


@pytest.fixture
def leaky(home: Home) -> Path:
    """A run whose every file holds secrets of many kinds."""
    Path(home.secrets).write_text(f"MINE={SECRET}\n")
    Path(home.secrets).chmod(0o600)
    everything = "\n".join(text for text, _ in PLANTED.values())
    write_task(home, "leaky", "agent: command\ncommand: [echo, done]\nprompt: x\n")
    drop(home, "leaky")
    execute(home)
    folder = run_of(home, "leaky")
    stream = [everything, json.dumps({"said": everything}), json.dumps({"said": json.dumps([everything])})]
    stream += [spelt(text) for text, _ in PLANTED.values()]
    stream += [f"{SECRET} {home.root}/x me.myself@corp.test {LETTERS}"]
    for name in ("stdout", "stderr", "prompt.txt"):
        (folder / name).write_text("\n".join(stream) + "\n")
    for name in ("record.json", "request.json"):
        value = json.loads((folder / name).read_text())
        value["message"] = f"{everything} {SECRET}"
        value["nested"] = [{text: text} for text, _ in PLANTED.values()]
        (folder / name).write_text(json.dumps(value))
    Path(home.tasks, "leaky.yaml").write_text(
        "agent: command\ncommand: [echo, done]\n" + "".join(f"# {line}\n" for line in everything.split("\n"))
    )
    with open(home.log, "a", encoding="utf-8") as log:
        log.write(json.dumps({"event": "note", "run_id": folder.name, "message": everything}) + "\n")
    (folder / "follow").mkdir(exist_ok=True)
    (folder / "anything.bin").write_text(everything)
    return folder


def test_planted_secrets_appear_nowhere(home: Home, leaky: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tar.gz"
    data = called(home, "bundle", leaky.name, "--out", str(out))
    files = contents(out)
    assert {
        "record.json",
        "request.json",
        "stdout",
        "stderr",
        "task.yaml",
        "log.jsonl",
        "doctor.json",
        "versions.json",
    } <= set(files)
    parts = [
        part for _, secret in PLANTED.values() for part in secret.split("\n") if "PRIVATE KEY" not in part
    ]
    parts += [SECRET, home.root, "me.myself@corp.test", "hunter2hunter2"]
    for name, content in files.items():
        text = content.decode()
        spelling = text.encode().decode("unicode_escape", "replace")
        for part in parts:
            assert part not in text, (name, part)
            assert part not in spelling, (name, part)
    assert len(data["masked"]) > 20
    assert data["masked"]["secret of this home"] >= 1
    assert "anything.bin" in {one["name"] for one in data["left_out"]}
    assert called(home, "bundle", leaky.name, "--out", str(out), status=1)["code"] == "exists"


def test_a_bundle_is_replayed_on_another_machine(home: Home, tmp_path: Path) -> None:
    write_task(
        home,
        "idle",
        """agent: command\ncommand: [sh, -c, 'echo a; echo "{\\"nothing_to_do\\": \\"x\\"}"; echo oh >&2']\n""",
    )
    drop(home, "idle")
    execute(home)
    out = tmp_path / "b.tar.gz"
    called(home, "bundle", "idle", "--out", str(out))
    elsewhere = Home(str(tmp_path / "nowhere"))
    for arguments in ((), ("--rules",), ("--timing", "original")):
        data = called(elsewhere, "replay", str(out), *arguments)
        assert (data["was"]["reason"], data["now"]["reason"], data["changed"]) == (
            "nothing_to_do",
            "nothing_to_do",
            False,
        )
        assert (data["lines"], data["bundle"], data["task"]) == (2, True, "bundled")
    assert not Path(elsewhere.root).exists()


def test_a_run_is_played_by_the_rules_of_today_and_nothing_is_written(home: Home) -> None:
    write_task(
        home,
        "fails",
        "agent: command\ncommand: [sh, -c, 'echo said; echo why >&2; exit 3']\n",
    )
    write_task(
        home,
        "killed",
        "agent: command\ncommand: [sh, -c, 'echo said; kill -9 $$']\n",
    )
    for name in ("fails", "killed"):
        drop(home, name)
    execute(home)
    before = sorted(str(path) for path in Path(home.root).rglob("*"))
    log = Path(home.log).read_text()
    data = called(home, "replay", "fails")
    assert (data["now"]["reason"], data["changed"], data["lines"]) == ("exit_status", False, 1)
    assert "why" in data["now"]["message"]
    assert called(home, "replay", "killed")["now"]["reason"] == "killed"
    path = run_of(home, "fails") / "record.json"
    path.write_text(
        path.read_text()
        .replace('"exit_status"', '"completed"', 1)
        .replace('"completed": 3', '"exit_status": 3')
    )
    assert sorted(str(path) for path in Path(home.root).rglob("*")) == before
    assert Path(home.log).read_text() == log
    assert called(home, "replay", "fails", "--task", "nothing", status=1)["code"] == "task_unknown"


@pytest.mark.parametrize("damage", ["changed", "missing", "noise", "outside"])
def test_a_damaged_bundle_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.tar.gz"
    if damage == "noise":
        path.write_bytes(b"no archive")
    else:
        with tarfile.open(path, "w:gz") as tar:
            files = {
                "a": b"x",
                "manifest.json": json.dumps(
                    {"clodputer_bundle": 1, "files": {"a": {"sha256": "0"}}}
                ).encode(),
            }
            if damage == "missing":
                del files["a"]
            for name, data in files.items():
                source = tmp_path / name
                source.write_bytes(data)
                tar.add(source, f"../{name}" if damage == "outside" else name)
    with pytest.raises(ClodputerError, match="this is not a bundle"):
        bundle.read(str(path))


def test_pauses_are_those_of_the_events_or_spread_evenly() -> None:
    event = '{{"type": "user", "timestamp": "2026-11-28T03:00:0{}Z"}}'
    lines = [event.format(0).encode(), b"noise", event.format(4).encode(), event.format(3).encode()]
    assert play.delays(lines, {"duration_seconds": 9}) == [0.0, 0.0, 4.0, 0.0]
    assert play.delays([b"a", b"b"], {"duration_seconds": 9}) == [4.5, 4.5]
    assert play.delays([], {}) == []


@given(st.binary(max_size=300))
def test_any_stream_can_be_redacted(content: bytes) -> None:
    redactor = Redactor(Masker(), {"host": "abc"})
    assert redactor.lines(content).count(b"\n") <= content.count(b"\n")
