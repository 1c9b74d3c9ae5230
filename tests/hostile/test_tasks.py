"""Hostile task files, templates and outputs: each harms itself alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.hostile.stage import Stage, kept, refuse
from tests.hostile.tasks import BROKEN, BROKEN_BYTES, OUTPUTS, SECRET, SECRET_OUTPUTS, UNRENDERABLE
from tests.workshop import command_task, drop, records, write_secrets, write_task

pytestmark = [pytest.mark.slow, pytest.mark.hostile]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A home."""
    return Stage(tmp_path)


def test_task_files(stage: Stage) -> None:
    """A request for a task whose file is broken is rejected and names the file; all others run."""
    for number, content in enumerate((*(text.encode() for text in BROKEN), *BROKEN_BYTES)):
        Path(stage.home.tasks, f"bad-{number}.yaml").write_bytes(content)
        drop(stage.home, f"{number}.json", json.dumps({"task": f"bad-{number}"}))
    tasks = Path(stage.home.tasks)
    (tasks / "link.yaml").symlink_to("nowhere")
    (tasks / "loop.yaml").symlink_to("loop.yaml")
    (tasks / "folder.yaml").mkdir()
    os.mkfifo(tasks / "pipe.yaml")
    (tasks / "device.yaml").symlink_to("/dev/zero")
    (tasks / "closed").mkdir()
    strange = ("link", "loop", "folder", "pipe", "device", "closed")
    for name in strange:
        drop(stage.home, name)
    (tasks / os.fsdecode(b"\xff.yaml")).write_text("prompt: x\n")
    (tasks / "new\nline.yaml").write_text("prompt: x\n")
    (tasks / f"{'x' * 250}.yaml").write_text("prompt: x\n")
    stage.drop_good()
    stage.execute()
    assert stage.good_runs() == 1
    reasons = kept(stage.home.rejected)
    count = len(BROKEN) + len(BROKEN_BYTES)
    accepted = [number for number in range(count) if f"{number}.json".encode() not in reasons]
    assert [(BROKEN + BROKEN_BYTES)[number] for number in accepted] == []
    assert len(reasons) == count + len(strange)
    assert [reason for reason in reasons.values() if "fault in Clodputer" in reason] == []
    assert stage.call("validate").status == 1
    assert stage.ask("list", status=None) is not None
    assert "tasks" in stage.looking_works()
    stage.next_good_runs()


def test_templates(stage: Stage) -> None:
    """A prompt that cannot be rendered starts nothing, and the run says why."""
    for number, prompt in enumerate(UNRENDERABLE):
        write_task(stage.home, f"bad-{number}", f"prompt: {json.dumps(prompt)}\n")
        drop(stage.home, f"bad-{number}.json", json.dumps({"task": f"bad-{number}", "context": {"a": 1}}))
    stage.drop_good()
    stage.execute()
    assert stage.good_runs() == 1
    reasons = kept(stage.home.rejected)
    for number, prompt in enumerate(UNRENDERABLE):
        if f"bad-{number}.json".encode() in reasons:
            continue  # seen already when the file was checked
        (record,) = records(stage.home, f"bad-{number}")
        assert (prompt, record["outcome"], record["reason"]) == (prompt, "failed", "not_started")
        assert len(record["message"]) > 10
    stage.looking_works()
    stage.next_good_runs()


def printing(home: Home, name: str, output: str) -> None:
    """A request for a task that prints this, and nothing else."""
    path = Path(home.root, f"{name}.out")
    path.write_bytes(output.encode("latin-1"))
    command_task(home, name, "/bin/cat", str(path))
    drop(home, f"{name}.json", json.dumps({"task": name}))


def test_outputs(stage: Stage) -> None:
    """Whatever a command prints, exiting 0 is success; no secret is kept; every record is JSON."""
    write_secrets(stage.home, f"TOKEN={SECRET}\n")
    for number, output in enumerate((*OUTPUTS, *SECRET_OUTPUTS)):
        printing(stage.home, f"out-{number}", output)
    stage.drop_good()
    stage.execute()
    assert stage.good_runs() == 1
    for number, output in enumerate((*OUTPUTS, *SECRET_OUTPUTS)):
        (record,) = records(stage.home, f"out-{number}")
        assert (output[:60], record["outcome"], record["reason"]) == (output[:60], "succeeded", "completed")
    stage.ask("show", "out-0")
    for folder, _, names in os.walk(stage.home.runs):
        for name in names:
            content = Path(folder, name).read_bytes()
            assert SECRET.encode() not in content, (folder, name)
            if name.endswith(".json"):
                json.loads(content, parse_constant=refuse)
    stage.looking_works()
    stage.next_good_runs()
