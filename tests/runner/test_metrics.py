"""Metrics: a file that a real reader of Prometheus takes, counts that never go down, and no drain that fails for it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from clodputer.model.upkeep.metrics import (
    KNOWN,
    MOST_ENDS,
    MOST_TASKS,
    OTHERS,
    Lane,
    Now,
    Totals,
    fold,
    of_fields,
    text,
)
from clodputer.runner.upkeep import metrics
from clodputer.store import holds
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.log import archive
from clodputer.views.doctor.home import metrics as doctor_metrics
from tests.doctoring import facts, one
from tests.killing import killed_at
from tests.workshop import command_task, drop, environment, events, execute, make_home

NOW = 1_800_000_000.0


def samples(content: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """All samples that a reader which is not ours finds, by their names and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(content)
        for sample in family.samples
    }


def value(content: str, name: str, **labels: str) -> float:
    return samples(content)[f"clodputer_{name}", tuple(sorted(labels.items()))]


def finished(number: int, task: str = "work", outcome: str = "succeeded", **more: Any) -> dict[str, Any]:
    return {
        "timestamp": "2027-01-15T08:00:00Z",
        "event": "finished",
        "task": task,
        "run_id": f"run-{number}",
        "outcome": outcome,
        "reason": "completed",
        "duration_seconds": 5.0,
        "cost_usd": 0.25,
        **more,
    }


def log(home: Home, lines: list[dict[str, Any]]) -> None:
    with open(home.log, "a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(line)}\n" for line in lines)


def configure(home: Home) -> Path:
    path = Path(home.root, "clodputer.prom")
    Path(home.config).write_text(f"metrics: {path}\n")
    return path


def test_a_real_exec_writes_them(home: Home) -> None:
    path = configure(home)
    command_task(home, "good", "/bin/true")
    command_task(home, "bad", "/bin/false")
    for name in ("good", "bad", "good"):
        drop(home, name)
        execute(home)
    content = path.read_text()
    assert value(content, "runs_total", task="good", outcome="succeeded", reason="completed") == 2
    assert value(content, "runs_total", task="bad", outcome="failed", reason="exit_status") == 1
    assert value(content, "run_duration_seconds_count", task="good") == 2
    assert value(content, "last_success_timestamp_seconds", task="good") > 1.7e9
    assert value(content, "requests", lane="default", state="queued") == 0
    assert value(content, "disk_free_bytes") > 0
    assert one(doctor_metrics.textfile(facts(home)), "ok")


def test_an_exec_with_nothing_to_do_writes_none(home: Home) -> None:
    path = configure(home)
    command_task(home, "good", "/bin/true")
    drop(home, "good")
    execute(home)
    path.unlink()
    execute(home)
    assert not path.exists()


def test_every_kind_of_sample_is_read(home: Home) -> None:
    totals = fold(
        Totals(),
        [
            {
                "event": "started",
                "task": "work",
                "run_id": "run-1",
                "timestamp": "2027-01-15T08:00:20Z",
                "slot_time": "2027-01-15T08:00:00Z",
            },
            finished(1),
            finished(2, cost_usd=None, duration_seconds=100_000.0),
        ],
    )
    content = text(
        totals, Now(NOW, [Lane("default", 3, 1, 60.5)], {("account", "usage_limit"): 1}, 2, 1, 5_000_000_000)
    )
    assert value(content, "slot_lag_seconds_bucket", task="work", le="10") == 0
    assert value(content, "slot_lag_seconds_bucket", task="work", le="60") == 1
    assert value(content, "slot_lag_seconds_sum", task="work") == 20
    assert value(content, "run_duration_seconds_bucket", task="work", le="7200") == 1
    assert value(content, "run_duration_seconds_bucket", task="work", le="+Inf") == 2
    assert value(content, "run_duration_seconds_sum", task="work") == 100_005
    assert (
        value(content, "run_cost_usd_count", task="work"),
        value(content, "run_cost_usd_sum", task="work"),
    ) == (1, 0.25)
    assert value(content, "oldest_request_age_seconds", lane="default") == 60.5
    assert value(content, "holds", scope="account", reason="usage_limit") == 1
    assert value(content, "outbox_letters", state="dead") == 1
    families = list(text_string_to_metric_families(content))
    assert all(family.documentation and family.type != "unknown" for family in families)
    assert all(family.samples for family in families)


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", '{a="b"} 1', "\ud800", "é #", " ", ""])
def test_hostile_names_are_labels_and_nothing_else(name: str) -> None:
    content = text(fold(Totals(), [finished(1, name, reason=name.replace(" ", ""))]), Now(NOW))
    content.encode()
    tasks = [dict(labels)["task"] for sample, labels in samples(content) if sample == "clodputer_runs_total"]
    assert tasks == [name.encode("utf-8", "replace").decode()]


def test_an_end_that_is_logged_again_counts_once() -> None:
    totals = fold(Totals(), [finished(1), finished(1)])
    assert fold(totals, [finished(1)]) == totals
    assert of_fields(json.loads(json.dumps(totals._asdict()))) == totals._replace(
        **{name: json.loads(json.dumps(found)) for name, found in totals._asdict().items()}
    )


def test_series_are_bounded() -> None:
    many = [finished(number, f"task-{number}") for number in range(MOST_TASKS + 20)]
    ends = [finished(-1 - number, "one", reason=f"r{number}") for number in range(MOST_ENDS + 20)]
    totals = fold(Totals(), [*ends, *many])
    assert len(totals.ends) == MOST_TASKS + 1
    assert sum(totals.ends[OTHERS].values()) == 21
    assert len(totals.ends["one"]) == MOST_ENDS + 1
    assert len(totals.ended) == KNOWN


def test_counts_go_on_across_archiving_pruning_and_kills(tmp_path: Path) -> None:
    """Killed at every step of writing, the log archived in between and the archive removed: never twice, never left out."""
    steps = 0
    for step in range(1, 100):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = make_home(folder)
        path = configure(home)
        context = look(environment(home))
        log(home, [finished(1), finished(2)])
        metrics.write(context, NOW)
        log(home, [finished(3)])
        archive.archive(home, NOW, 0)
        log(home, [finished(4)])
        killed = killed_at(step, lambda context=context: metrics.write(context, NOW))  # type: ignore[misc]
        metrics.write(context, NOW)
        for old in archive.archives(home):
            os.unlink(old)
        log(home, [finished(5)])
        metrics.write(context, NOW)
        found = value(path.read_text(), "runs_total", task="work", outcome="succeeded", reason="completed")
        assert found == 5, step
        steps = step
        if not killed:
            break
    assert 3 < steps < 99


def test_they_are_counted_anew_from_the_logs_when_the_counts_are_gone(home: Home) -> None:
    path = configure(home)
    log(home, [finished(1)])
    archive.archive(home, NOW, 0)
    log(home, [finished(2)])
    counts = Path(home.ledger, "metrics.json")
    for damage in ("", "{", '{"format": 1, "totals": {"seconds": {"a": [1]}}, "place": [1, 2]}'):
        counts.write_text(damage)
        metrics.write(look(environment(home)), NOW)
        assert (
            value(path.read_text(), "runs_total", task="work", outcome="succeeded", reason="completed") == 2
        )


def test_that_it_cannot_be_written_fails_nothing_and_is_logged_once(home: Home) -> None:
    Path(home.config).write_text(f"metrics: {home.root}/none/clodputer.prom\n")
    command_task(home, "good", "/bin/true")
    for _ in range(2):
        drop(home, "good")
        assert [run["outcome"] for run in execute(home)["runs"]] == ["succeeded"]
    (failed,) = events(home, "metrics_lost")
    assert "none/clodputer.prom" in failed["message"]
    assert "cannot be written" in one(doctor_metrics.textfile(facts(home)), "problem").message
    Path(home.root, "none").mkdir()
    drop(home, "good")
    execute(home)
    assert one(doctor_metrics.textfile(facts(home)), "ok")
    content = Path(home.root, "none", "clodputer.prom").read_text()
    assert value(content, "runs_total", task="good", outcome="succeeded", reason="completed") == 3


def test_only_what_is_new_is_read(home: Home) -> None:
    """With 10,000 past runs the next write reads one line: the counts do not change when the old log is overwritten."""
    path = configure(home)
    log(home, [finished(number) for number in range(10_000)])
    context = look(environment(home))
    metrics.write(context, NOW)
    size = os.path.getsize(home.log)
    with open(home.log, "r+b") as file:
        file.write(b" " * (size - 1))
    log(home, [finished(10_000)])
    metrics.write(context, NOW)
    assert (
        value(path.read_text(), "runs_total", task="work", outcome="succeeded", reason="completed") == 10_001
    )


def test_holds_are_counted(home: Home) -> None:
    path = configure(home)
    target = holds.Target(holds.TASK, "work")
    holds.place(home, target, holds.Hold("usage_limit", "", NOW, None))
    before = os.umask(0o077)
    try:
        metrics.write(look(environment(home)), NOW)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
    assert value(path.read_text(), "holds", scope=target.scope, reason="usage_limit") == 1
