"""What Slurm is called with and what its answers mean, as tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.config.keys import named
from clodputer.model.config.withunit import Expected
from clodputer.model.engine import job, keys, slurm
from clodputer.model.engine.job import Job

OPTIONS: dict[str, tuple[Any, str]] = {
    "partition": ("gpu", "--partition=gpu"),
    "account": ("lab", "--account=lab"),
    "qos": ("low", "--qos=low"),
    "constraint": ("ssd", "--constraint=ssd"),
    "gres": ("gpu:1", "--gres=gpu:1"),
    "cpus": (2, "--cpus-per-task=2"),
    "time": (90.0, "--time=2"),
    "memory": (1024**3, "--mem=1048576K"),
}


@pytest.mark.parametrize("key", OPTIONS)
def test_each_key_is_an_option(key: str) -> None:
    """And without it sbatch is not told of it."""
    value, option = OPTIONS[key]
    assert option in slurm.submission("n", "id", "task", {"engine": "slurm", key: value})
    assert not any(
        one.startswith(option.split("=")[0] + "=") for one in slurm.submission("n", "id", "task", {})
    )


def test_every_key_is_in_the_table() -> None:
    """None is accepted without an effect."""
    of_slurm = {key.name for key in keys.OF[keys.SLURM]} | {"time", "memory", "cpus"}
    assert OPTIONS.keys() == of_slurm <= named(keys.KEYS).keys()


@pytest.mark.parametrize("lane", [{"partition": "x"}, {"time": 60.0}, {"memory": 1}, {"cpus": 1}])
def test_what_is_said_of_an_engine_needs_one(lane: dict[str, Any]) -> None:
    """A lane without an engine has none of its keys."""
    with pytest.raises(Expected, match="engine"):
        keys.check({"default": lane})
    assert keys.check({"default": {"engine": "slurm", **lane}})


@pytest.mark.parametrize("answer", ["", "\n", "Submitted", "12 jobs", "; 3"])
def test_an_answer_without_a_number(answer: str) -> None:
    """It is an error that shows the answer."""
    with pytest.raises(ValueError, match="sbatch answered"):
        slurm.submitted(answer)


def test_answers_with_a_number() -> None:
    """Of a cluster among several as well."""
    assert slurm.submitted("17\n") == slurm.submitted("17;other\n") == slurm.submitted("note\n17\n") == "17"


def line(state: str, status: str = "0", reason: str = "None", name: str = "clodputer-a") -> str:
    """A line of squeue."""
    widths = [int(field.split(":")[1]) for field in slurm.queue_look(["x"])[-1].split("=")[1].split(",")]
    return "".join(text.ljust(width) for text, width in zip(["7", name, state, status, "n1", reason], widths))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (line("PENDING", reason="Resources"), Job("clodputer-a", "7", "waiting", "", "Resources", "n1")),
        (line("RUNNING"), Job("clodputer-a", "7", "running", node="n1")),
        (line("COMPLETING"), Job("clodputer-a", "7", "running", node="n1")),
        (line("SOMETHING_NEW"), Job("clodputer-a", "7", "waiting", node="n1")),
        (line("COMPLETED"), Job("clodputer-a", "7", "ended", "done", node="n1")),
        (
            line("FAILED", "66:0", "NonZeroExitCode"),
            Job("clodputer-a", "7", "ended", "failed", "NonZeroExitCode", "n1", 66),
        ),
        (line("OUT_OF_MEMORY", "0:125"), Job("clodputer-a", "7", "ended", "memory", node="n1")),
        (line("CANCELLED"), Job("clodputer-a", "7", "ended", "cancelled", node="n1")),
    ],
)
def test_lines_of_squeue(text: str, expected: Job) -> None:
    """Each state is one of ours; one that nobody knows waits, as nothing must be decided by it."""
    assert slurm.in_queue(f"{text}\nslurm: something else\n{text[:30]}\n") == [expected]


def test_lines_of_sacct() -> None:
    """Who cancelled it stands in the state."""
    (found,) = slurm.in_past("7|clodputer-a|CANCELLED by 1000|0:0|None assigned\nnoise\n")
    assert found == Job("clodputer-a", "7", "ended", "cancelled")


@given(st.text())
def test_any_answer_can_be_read(text: str) -> None:
    """Whatever a program prints."""
    slurm.in_queue(text)
    slurm.in_past(text)


@pytest.mark.parametrize(
    ("end", "job_id", "expected"),
    [
        (job.DONE, "7", job.HOLD),
        (job.FAILED, "7", job.HOLD),
        (job.TIME, "7", job.HOLD),
        (job.MEMORY, "7", job.HOLD),
        (job.GONE, "7", job.HOLD),
        (job.GONE, "", job.AGAIN),
        (job.PREEMPTED, "7", job.AGAIN),
        (job.NODE, "7", job.AGAIN),
        (job.CANCELLED, "7", job.CLOSE),
    ],
)
def test_what_becomes_of_a_request_that_was_not_begun(end: str, job_id: str, expected: str) -> None:
    """It is never lost, and no lane submits the same in vain without a pause."""
    assert job.unbegun(Job("n", job_id, job.ENDED, end)) == expected


@pytest.mark.parametrize(
    ("words", "waited", "expected"),
    [
        ("Resources", 60.0, False),
        ("Resources", 90000.0, True),
        ("JobHeldUser", 1.0, True),
        ("(PartitionDown)", 1.0, True),
    ],
)
def test_what_may_wait_for_a_person(words: str, waited: float, expected: bool) -> None:
    """What the engine says will not pass by itself, and what has waited for long."""
    assert job.is_stuck(Job("n", "7", job.WAITING, "", words), waited) is expected


def test_a_script_quotes_what_it_is_given() -> None:
    """Paths with spaces and quotes stay whole."""
    text = slurm.script("/a b/it's", "/a b/log", ["/p q", "exec"], {"CLODPUTER_HOME": "/a b/it's"})
    assert "[ -f '/a b/it'\"'\"'s'/format ] || exit 66" in text
    assert "exec env CLODPUTER_HOME='/a b/it'\"'\"'s' '/p q' exec" in text
