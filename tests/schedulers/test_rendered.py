"""Alarms that are written down for the clock of a cluster: what the files say, and that only ours are changed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import yaml

from clodputer.schedulers import plan, rendered
from clodputer.schedulers.rendered import Given, handed
from clodputer.schedulers.unit import Alarm, Frame, unit_stem
from clodputer.store.home import Home
from tests.engines.kubernetes.test_words import official
from tests.workshop import command_task, environment, make_home, run

CRON = 'trigger: {type: cron, schedule: "30 2 * * mon-fri"}\n'
GIVEN = Given("clodputer:1", "login")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with tasks of several kinds of times."""
    home = make_home(tmp_path)
    command_task(home, "nightly", "/bin/true", more=CRON)
    command_task(
        home,
        "abroad",
        "/bin/true",
        more='trigger: {type: cron, schedule: "0 8 1 * sun", timezone: Asia/Tokyo}\n',
    )
    command_task(home, "often", "/bin/true", more="trigger: {type: interval, every: 15m}\n")
    command_task(home, "by-hand", "/bin/true")
    return home


def made(home: Home, name: str, zone: str = "Europe/Berlin", sweep: int = 120) -> dict[str, str]:
    """The files of a scheduler for that home."""
    frame = Frame(home.root, str(Path(home.root).parent), f"{home.root}/bin/clodputer", {}, sweep, zone)
    files, problems = rendered.rendered(name, frame, plan.wanted(home, {}), GIVEN)
    assert problems == ()
    return dict(files)


def stem(home: Home, task: str) -> str:
    """How the units of a task are called."""
    return unit_stem(home.root, str(Path(home.root).parent), "task", task)


def test_lines_for_scrontab(home: Home) -> None:
    """A line where cron can say when, each with options of its own, as they hold for one line; the sweep serves the rest."""
    (text,) = made(home, "slurm").values()
    lines = text.splitlines()
    assert lines[0] == rendered.MARK
    jobs = [line for line in lines if not line.startswith("#")]
    shim = f"{home.root}/bin/clodputer"
    assert f"30 2 * * 1-5 {shim} exec --task nightly" in jobs
    assert f"*/15 * * * * {shim} exec --task often" in jobs
    assert f"*/2 * * * * {shim} exec" in jobs
    assert len(jobs) == 3
    for line in jobs:
        before = lines[lines.index(line) - 2 : lines.index(line)]
        assert [option.split("=")[0] for option in before] == ["#SCRON --job-name", "#SCRON --output"]


@pytest.mark.parametrize(
    ("sweep", "expected"),
    [(30, "* * * * *"), (60, "* * * * *"), (420, "*/7 * * * *"), (86400, "0 * * * *")],
)
def test_how_often_the_sweep_comes(home: Home, sweep: int, expected: str) -> None:
    """At least as often as it is wanted, and at most once a minute."""
    assert f"{expected} {home.root}/bin/clodputer exec\n" in made(home, "slurm", sweep=sweep)["scrontab"]


def test_cron_jobs(home: Home) -> None:
    """Each says its zone; pods come one after the other, have one volume for one pod, and the clock of this machine."""
    files = {name: yaml.safe_load(text) for name, text in made(home, "kubernetes").items()}
    whole = files.pop("kustomization.yaml")
    assert whole["resources"] == sorted(files)
    claim = files.pop("volume.yaml")
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    by_name = {name.removesuffix(".yaml"): file for name, file in files.items()}
    times = {name: (file["spec"]["schedule"], file["spec"]["timeZone"]) for name, file in by_name.items()}
    assert times[f"clodputer-{stem(home, 'nightly')}"] == ("30 2 * * 1-5", "Europe/Berlin")
    abroad = f"clodputer-{stem(home, 'abroad')}"
    assert {times[abroad], times[f"{abroad}-2"]} == {
        ("0 8 1 * *", "Asia/Tokyo"),
        ("0 8 * * 0", "Asia/Tokyo"),
    }
    assert times[f"clodputer-{stem(home, 'often')}"] == ("*/15 * * * *", "Etc/UTC")
    assert len(times) == 5
    for file in files.values():
        spec = file["spec"]
        assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == ("Forbid", 300)
        pod = spec["jobTemplate"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert container["command"][:2] == ["clodputer", "exec"]
        assert {"name": "TZ", "value": "Europe/Berlin"} in container["env"]
        assert container["envFrom"] == [{"secretRef": {"name": "login"}}]
        assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert len(file["metadata"]["name"]) <= 52


@pytest.mark.skipif(sys.version_info < (3, 10), reason="the official client needs Python 3.10")
def test_the_manifests_are_what_kubernetes_takes(home: Home) -> None:
    """The official models lose nothing of them, and the strict schemas take them; names of any length are cut."""
    command_task(home, "n" * 64, "/bin/true", more=CRON)
    client, schemas = official("kubernetes.client").ApiClient(), official("kubernetes_validate")
    for name, text in made(home, "kubernetes").items():
        manifest = yaml.safe_load(text)
        if name == "kustomization.yaml":
            continue
        read = client.deserialize(json.dumps(manifest), f"V1{manifest['kind']}", "application/json")
        assert client.sanitize_for_serialization(read) == manifest
        for version in ("1.29", "1.37"):
            schemas.validate(manifest, version, strict=True)


@pytest.mark.parametrize("name", rendered.NAMES)
def test_webhooks_need_something_that_listens(home: Home, name: str) -> None:
    """It says so, and all else is written."""
    frame = Frame(home.root, "/home/me", f"{home.root}/bin/clodputer", {}, 120)
    wanted = plan.wanted(home, {}, listen=("127.0.0.1", 8787))
    assert any(alarm == Alarm("webhooks", listen=("127.0.0.1", 8787)) for alarm in wanted.alarms)
    files, (problem,) = rendered.rendered(name, frame, wanted, GIVEN)
    assert "cannot listen" in problem.message
    assert files


def test_only_our_files_are_changed(tmp_path: Path) -> None:
    """What is right is left alone, what is ours and not wanted goes, what is somebody's stays, or stops everything."""
    (tmp_path / "notes.txt").write_text("mine\n")
    files = {"a": f"{rendered.MARK}\n1\n", "b": f"{rendered.MARK}\n2\n"}
    out = str(tmp_path)
    rendered.write(out, files, rendered.compare(out, files))
    assert set(rendered.compare(out, files).values()) == {"keep"}
    after = {"a": f"{rendered.MARK}\n3\n"}
    steps = rendered.compare(out, after)
    assert steps == {"a": "replace", "b": "remove"}
    rendered.write(out, after, steps)
    assert sorted(os.listdir(out)) == ["a", "notes.txt"]
    with pytest.raises(Exception, match="was not written by Clodputer"):
        rendered.compare(out, {"notes.txt": "x"})


def test_an_installation_for_a_cluster(home: Home, tmp_path: Path) -> None:
    """The files, the shim that lines of Slurm start, and what list, doctor and uninstall say afterwards."""
    out = tmp_path / "cluster"
    extra = {"PATH": f"{tmp_path}:{environment(home)['PATH']}"}
    wrong = run(home, "install", "--scheduler", "slurm", extra=extra)
    assert wrong.status == 2
    assert "--out DIR" in wrong.stderr
    planned = run(home, "install", "--scheduler", "slurm", "--out", str(out), "--dry-run", extra=extra)
    assert (planned.status, out.exists()) == (0, False)
    done = run(home, "install", "--scheduler", "slurm", "--out", str(out), extra=extra)
    assert done.status == 0, done
    assert f"scrontab {out}/scrontab" in done.stdout
    assert os.access(f"{home.root}/bin/clodputer", os.X_OK)
    known = handed.read(home)
    assert known is not None
    assert (known.scheduler, known.out) == ("slurm", str(out))
    assert "not scheduled" not in run(home, "list", extra=extra).stdout
    assert "the alarms were written for slurm" in run(home, "doctor", extra=extra).stdout
    away = run(home, "uninstall", "--yes", extra=extra)
    assert "is not taken away there" in away.stdout
    assert handed.read(home) is None
