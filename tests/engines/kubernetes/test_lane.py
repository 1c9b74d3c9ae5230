"""A lane of Kubernetes from a request's drop to its record, and all that may go wrong with its jobs."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any, Callable

import pytest

from clodputer.store.home import Home
from clodputer.store.spool.requests import jobs
from tests.engines.asking import ask, left, ran
from tests.engines.kubernetes.fake import Cluster
from tests.system import execs
from tests.wait import until
from tests.workshop import command_task, drop, outcomes, records

REFUSALS = {
    "refused": "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?\n",
    "forbidden": 'Error from server (Forbidden): jobs.batch is forbidden: User "me" cannot create resource "jobs"\n',
    "conflict": 'Error from server (Conflict): Operation cannot be fulfilled on resourcequotas "few"\n',
    "timeout": "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded)\n",
    "not found": 'Error from server (NotFound): namespaces "agents" not found\n',
}


def hold(home: Home) -> str:
    """The hold of the lane, as it is on disk; empty when there is none."""
    path = Path(home.holds, "lane.far.json")
    return path.read_text() if path.exists() else ""


def go_on(home: Home) -> None:
    """End the hold of the lane, as its time does."""
    Path(home.holds, "lane.far.json").unlink()


def test_a_request_becomes_a_job_that_runs_it(home: Home, cluster: Cluster) -> None:
    """One job however many execs look; the run in its pod has the Secret's variables; no secret is in what kubectl gets."""
    Path(home.secrets).write_text("TOKEN=from-the-file-5711\n")
    os.chmod(home.secrets, 0o600)
    drop(home, "x.json", json.dumps({"task": "far", "id": "first-1"}))
    known = {"API_KEY": "from-the-environment-5711"}
    execs.run(home, "exec", extra=cluster.extra(known))  # noqa: S610
    execs.run(home, "exec", extra=cluster.extra(known))  # noqa: S610
    (name,) = cluster.names()
    assert name.startswith("clodputer-first-1-")
    assert not ran(home)
    for path in (path for path in cluster.folder.iterdir() if path.is_file()):
        assert "5711" not in path.read_text(), path
    assert cluster.job(name)["metadata"]["annotations"] == {
        "clodputer/request": "first-1",
        "clodputer/task": "far",
    }
    assert cluster.run(name) == 0
    ask(home, cluster)
    assert (ran(home), outcomes(home, "far"), left(home)) == (1, ["succeeded"], [])
    assert cluster.names() == [name]


def test_jobs_that_are_not_taken(home: Home, cluster: Cluster) -> None:
    """The lane waits with the words of kubectl, nothing is lost, and it goes on when that is over."""
    drop(home, "x.json", json.dumps({"task": "far", "id": "first-1"}))
    drop(home, "y.json", json.dumps({"task": "far", "id": "second-2"}))
    for number, words in enumerate(REFUSALS.values(), 1):
        cluster.say("refuses.create", words)
        ask(home, cluster)
        assert len(cluster.calls("create")) == number, "one refusal says enough"
        assert json.dumps(words.strip())[1:-1] in hold(home)
        assert not left(home)
        go_on(home)
    (cluster.folder / "refuses.create").unlink()
    ask(home, cluster)
    for name in cluster.names():
        cluster.run(name)
    assert ran(home) == 2


def test_an_answer_that_is_lost(home: Home, cluster: Cluster) -> None:
    """A job is made although kubectl failed: it finds nothing to do, and the one that follows runs the request."""
    cluster.say("loses.create", "Unable to connect to the server: net/http: TLS handshake timeout\n")
    ask(home, cluster, "first-1")
    (vain,) = cluster.names()
    assert "handshake" in hold(home)
    (cluster.folder / "loses.create").unlink()
    go_on(home)
    ask(home, cluster)
    assert cluster.run(vain) == 0
    assert not ran(home)
    assert cluster.run(cluster.names()[1]) == 0
    assert ran(home) == 1


def test_a_job_that_is_there_already(home: Home, cluster: Cluster) -> None:
    """kubectl sends it twice, as the first answer was lost: the second says that it exists, which is success."""
    wrapper = Path(cluster.extra()["PATH"].split(":")[0], "kubectl")
    real = wrapper.resolve()
    wrapper.unlink()
    wrapper.write_text(
        f'#!/bin/sh\ncase " $* " in *" create "*)\n    cat >"$HOME/twice"\n    {real} "$@" <"$HOME/twice" >/dev/null\n'
        f'    exec {real} "$@" <"$HOME/twice" ;;\nesac\nexec {real} "$@"\n'
    )
    wrapper.chmod(0o755)
    ask(home, cluster, "first-1")
    assert not hold(home)
    (name,) = cluster.names()
    ((_, submitted),) = jobs.everywhere(home)
    assert submitted.job.id == name
    assert cluster.run(name) == 0
    assert ran(home) == 1


@pytest.mark.parametrize(
    "kind", ["refuses.get", "answers.get"], ids=["an API server that is down", "an answer that is none"]
)
def test_jobs_that_cannot_be_looked_at(home: Home, cluster: Cluster, kind: str) -> None:
    """Nothing is decided of them, and the lane says why it waits."""
    ask(home, cluster, "first-1")
    cluster.say(kind, REFUSALS["refused"])
    ask(home, cluster, "second-2")
    assert "does not report the state of its jobs" in hold(home)
    assert len(cluster.names()) == 1
    assert "The connection to the server" in execs.run(home, "status", extra=cluster.extra())
    doctor = execs.call(home, "doctor", extra=cluster.extra())
    assert "engine kubernetes of lane far does not answer" in doctor.stdout
    (cluster.folder / kind).unlink()
    cluster.run(cluster.names()[0])
    go_on(home)
    ask(home, cluster)
    cluster.run(cluster.names()[1])
    ask(home, cluster)
    assert (ran(home), left(home)) == (2, [])


def _evicted(cluster: Cluster, name: str) -> None:
    message = "The node was low on resource: memory."
    cluster.pod(name, "Failed", {}, reason="Evicted", message=message)
    cluster.become(name, "Failed", "BackoffLimitExceeded")


def _no_command(cluster: Cluster, name: str) -> None:
    cluster.pod(name, "Failed", {"terminated": {"exitCode": 128, "reason": "StartError"}})
    cluster.become(name, "Failed", "BackoffLimitExceeded")


ENDS: dict[str, tuple[Callable[[Cluster, str], Any], str]] = {
    "evicted": (_evicted, ""),
    "deadline": (
        lambda cluster, name: cluster.become(name, "Failed", "DeadlineExceeded"),
        "because its time was over",
    ),
    "deleted": (lambda cluster, name: cluster.forget(name), "is not known any more"),
    "no clodputer in the image": (_no_command, "exit status 128 (StartError)"),
    "other files": (lambda cluster, name: cluster.ended(name, 0), "perhaps sees other files"),
}


@pytest.mark.parametrize("case", ENDS)
def test_a_job_that_ends_before_its_run_began(home: Home, cluster: Cluster, case: str) -> None:
    """Nothing is lost: there is another job, at once or when the lane's hold is over."""
    end, said = ENDS[case]
    ask(home, cluster, "first-1")
    end(cluster, cluster.names()[0])
    ask(home, cluster)
    assert said in hold(home)
    if said:
        assert hold(home)
        go_on(home)
        ask(home, cluster)
    _, again = cluster.names()
    assert cluster.run(again) == 0
    ask(home, cluster)
    assert (ran(home), left(home)) == (1, [])


def test_a_pod_that_is_lost_with_its_run(home: Home, cluster: Cluster, tmp_path: Path) -> None:
    """It is settled as lost, with what the cluster says, and not run again."""
    command_task(
        home, "far", "/bin/sh", "-c", f"echo $$ >{tmp_path}/began; exec sleep 60", more="lane: far\n"
    )
    ask(home, cluster, "first-1")
    (name,) = cluster.names()
    process = cluster.start(name)
    until(lambda: (tmp_path / "began").exists() and (tmp_path / "began").read_text().strip())
    ask(home, cluster)
    assert f"job {name} of kubernetes" in execs.run(home, "status", extra=cluster.extra())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    until(lambda: not os.path.exists(f"/proc/{(tmp_path / 'began').read_text().strip()}"))
    _evicted(cluster, name)
    ask(home, cluster)
    (record,) = records(home, "far")
    assert (record["outcome"], record["reason"]) == ("lost", "job_ended")
    assert "was lost with its node (Evicted: The node was low on resource: memory.)" in record["message"]
    assert not left(home)
    assert cluster.names() == [name]


def test_cancel_before_and_while_it_runs(home: Home, cluster: Cluster, tmp_path: Path) -> None:
    """A job that waits is deleted and its request closed, also when the cluster cannot be asked; a run ends itself."""
    ask(home, cluster, "first-1")
    execs.run(home, "cancel", "first-1", extra=cluster.extra())
    assert not cluster.exists(cluster.names()[0])
    assert not left(home)
    ask(home, cluster, "second-2")
    cluster.say("refuses.delete", REFUSALS["forbidden"])
    execs.run(home, "cancel", "second-2", extra=cluster.extra())
    assert cluster.run(cluster.names()[1]) == 0
    assert (ran(home), left(home)) == (0, [])
    command_task(home, "far", "/bin/sh", "-c", f"echo >{tmp_path}/began; exec sleep 60", more="lane: far\n")
    ask(home, cluster, "third-3")
    process = cluster.start(cluster.names()[2])
    until((tmp_path / "began").exists)
    execs.run(home, "cancel", "third-3", extra=cluster.extra())
    assert process.wait(60) == 0
    assert outcomes(home, "far") == ["cancelled"]
    assert not left(home)


def test_a_job_that_is_deleted_by_hand_while_it_runs(home: Home, cluster: Cluster, tmp_path: Path) -> None:
    """Its pod is told to end and puts the request back; nobody has said that it is not wanted, so it is run again."""
    script = (
        f"echo >>{tmp_path}/ran; [ -e {tmp_path}/second ] || {{ echo >{tmp_path}/began; exec sleep 60; }}"
    )
    command_task(home, "far", "/bin/sh", "-c", script, more="lane: far\n")
    ask(home, cluster, "first-1")
    process = cluster.start(cluster.names()[0])
    until((tmp_path / "began").exists)
    os.kill(process.pid, signal.SIGTERM)
    process.wait(60)
    ask(home, cluster)
    assert len(cluster.names()) == 1, "how it ended is not known yet"
    cluster.forget(cluster.names()[0])
    ask(home, cluster)
    (tmp_path / "second").touch()
    assert cluster.run(cluster.names()[1]) == 0
    assert outcomes(home, "far") == ["cancelled", "succeeded"]
    assert not left(home)


def test_a_pod_that_waits_for_a_person(home: Home, cluster: Cluster) -> None:
    """An image that cannot be pulled: the request waits, and status and doctor say why."""
    ask(home, cluster, "first-1")
    (name,) = cluster.names()
    back_off = {
        "reason": "ImagePullBackOff",
        "message": 'Back-off pulling image "clodputer:1" ' + "x" * 100_000,
    }
    cluster.pod(name, "Pending", {"waiting": back_off})
    ask(home, cluster)
    assert not hold(home)
    said = "ImagePullBackOff: Back-off pulling image"
    assert said in execs.run(home, "status", extra=cluster.extra())
    assert said in execs.call(home, "doctor", extra=cluster.extra()).stdout
    ask(home, cluster)
    assert cluster.run(name) == 0
    ask(home, cluster)
    assert (outcomes(home, "far"), left(home)) == (["succeeded"], [])
