"""What Kubernetes is called with and what its answers mean, as tables; the manifest against the official models and schemas."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.config.withunit import Expected
from clodputer.model.engine import job, keys, kubernetes
from clodputer.model.engine.job import Job

LANE = {"engine": "kubernetes", "image": "i:1", "volume_claim": "c"}
FULL: dict[str, Any] = {
    **LANE,
    "mount": "/srv",
    "secret": "login",
    "namespace": "agents",
    "context": "lab",
    "queue": "few",
    "service_account": "runner",
    "runtime_class": "gvisor",
    "time": 90.5,
    "memory": 1024**3,
    "cpus": 2,
}


def made(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a job of such a lane."""
    return kubernetes.manifest(
        "clodputer-a-1", "a-1", "T.x", "/srv/home", ["exec", "--job", "n"], settings, (1000, 100)
    )


def pod(manifest: Mapping[str, Any]) -> Any:
    """The pod in it."""
    return manifest["spec"]["template"]["spec"]


# Where the value of each key is in the manifest, or in the arguments of kubectl.
PLACES: dict[str, tuple[Any, Any]] = {
    "image": (lambda made: pod(made)["containers"][0]["image"], "i:1"),
    "volume_claim": (lambda made: pod(made)["volumes"][0]["persistentVolumeClaim"]["claimName"], "c"),
    "mount": (lambda made: pod(made)["containers"][0]["volumeMounts"][0]["mountPath"], "/srv"),
    "secret": (lambda made: pod(made)["containers"][0].get("envFrom"), [{"secretRef": {"name": "login"}}]),
    "queue": (lambda made: made["metadata"]["labels"].get("kueue.x-k8s.io/queue-name"), "few"),
    "service_account": (lambda made: pod(made).get("serviceAccountName"), "runner"),
    "runtime_class": (lambda made: pod(made).get("runtimeClassName"), "gvisor"),
    "time": (lambda made: made["spec"].get("activeDeadlineSeconds"), 90),
    "memory": (
        lambda made: pod(made)["containers"][0].get("resources", {}).get("limits", {}).get("memory"),
        "1073741824",
    ),
    "cpus": (
        lambda made: pod(made)["containers"][0].get("resources", {}).get("requests", {}).get("cpu"),
        "2",
    ),
}


@pytest.mark.parametrize("key", PLACES)
def test_each_key_is_in_the_manifest(key: str) -> None:
    """And without it the cluster is not told of it."""
    place, expected = PLACES[key]
    assert place(made(FULL)) == expected
    if key not in LANE:
        assert place(made({name: value for name, value in FULL.items() if name != key})) != expected or (
            key == "mount"  # which is the home's folder
        )


def test_namespace_and_context_are_arguments() -> None:
    """Of each call; without them kubectl is not told of any."""
    for argv in (
        kubernetes.creation(FULL),
        kubernetes.look(["a"], FULL),
        kubernetes.deletion("a", FULL),
    ):
        assert {"--namespace=agents", "--context=lab"} <= set(argv)
    assert not any("context" in one or "namespace" in one for one in kubernetes.look(["a"], LANE))
    assert PLACES.keys() | {"namespace", "context"} == {key.name for key in keys.OF[keys.KUBERNETES]} | {
        "time",
        "memory",
        "cpus",
    }


def test_a_job_is_started_once() -> None:
    """Whatever happens to its pod; and it holds no right of the cluster."""
    manifest = made(LANE)
    assert manifest["spec"]["backoffLimit"] == 0
    assert pod(manifest)["restartPolicy"] == "Never"
    assert pod(manifest)["automountServiceAccountToken"] is False
    assert pod(manifest)["securityContext"]["runAsUser"] == 1000
    assert made(FULL)["spec"]["suspend"] is True
    assert "suspend" not in manifest["spec"]


@pytest.mark.parametrize("missing", ["image", "volume_claim"])
def test_a_lane_without_what_it_needs(missing: str) -> None:
    """It is an error of config.yaml; and so is a key of Slurm."""
    with pytest.raises(Expected, match=missing):
        keys.check({"far": {name: value for name, value in LANE.items() if name != missing}})
    with pytest.raises(Expected, match="slurm"):
        keys.check({"far": {**LANE, "partition": "x"}})
    assert keys.check({"far": FULL})


@pytest.mark.skipif(sys.version_info < (3, 10), reason="the official client needs Python 3.10")
@pytest.mark.parametrize("settings", [LANE, FULL], ids=["least", "most"])
def test_the_manifest_is_what_kubernetes_takes(settings: dict[str, Any]) -> None:
    """The official models lose nothing of it, and the strict schemas of old and new versions take it."""
    # A second or two to import, which the other tables need not wait for.
    client, schemas = official("kubernetes.client").ApiClient(), official("kubernetes_validate")
    manifest = made(settings)
    read = client.deserialize(json.dumps(manifest), "V1Job", "application/json")
    assert client.sanitize_for_serialization(read) == manifest
    for version in ("1.29", "1.37"):
        schemas.validate(manifest, version, strict=True)
    misspelled = {**manifest, "spec": {**manifest["spec"], "backOffLimit": 0}}
    with pytest.raises(schemas.ValidationError):
        schemas.validate(misspelled, "1.37", strict=True)


def official(name: str) -> Any:
    """A package of the extra `dev`; the test is skipped where it is missing, except on a build machine."""
    return import_module(name) if os.environ.get("CI") else pytest.importorskip(name)


def listed(*items: Mapping[str, Any]) -> str:
    """An answer to a look."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)})


def a_job(condition: str = "", reason: str = "", **fields: Any) -> dict[str, Any]:
    """A job in a condition."""
    conditions = [{"type": condition, "status": "True", "reason": reason, "message": "m"}]
    return {
        "kind": "Job",
        "metadata": {"name": "j", **fields.pop("metadata", {})},
        "status": {"conditions": conditions},
        **fields,
    }


def a_pod(phase: str, state: Any = None, made: str = "2026-01-01T00:00:00Z", **status: Any) -> dict[str, Any]:
    """A pod of that job."""
    return {
        "kind": "Pod",
        "metadata": {"labels": {kubernetes.LABEL: "j"}, "creationTimestamp": made},
        "spec": {"nodeName": "n1"},
        "status": {"phase": phase, "containerStatuses": [{"state": state}], **status},
    }


def disrupted(reason: str) -> dict[str, Any]:
    """What a pod says that the cluster has ended."""
    condition = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "m"}
    return {"conditions": [condition]}


FAILED = a_job("Failed", "BackoffLimitExceeded")
UNPLACED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
LOOKS: list[tuple[list[dict[str, Any]], Job]] = [
    ([a_job()], Job("j", "j", "waiting")),
    ([a_job(spec={"suspend": True})], Job("j", "j", "waiting", "", "suspended")),
    (
        [a_job(metadata={"deletionTimestamp": "x"})],
        Job("j", "j", "waiting", "", "it is being deleted"),
    ),
    (
        [a_job(), a_pod("Pending", conditions=[UNPLACED])],
        Job("j", "j", "waiting", "", "Unschedulable: 0/3 nodes"),
    ),
    (
        [a_job(), a_pod("Pending", {"waiting": {"reason": "ContainerCreating"}})],
        Job("j", "j", "waiting", "", "ContainerCreating"),
    ),
    ([a_job(), a_pod("Running")], Job("j", "j", "running", node="n1")),
    ([a_job("FailureTarget"), a_pod("Failed")], Job("j", "j", "running", node="n1")),
    ([a_job("Complete"), a_pod("Succeeded")], Job("j", "j", "ended", "done", node="n1")),
    ([a_job("Failed", "DeadlineExceeded")], Job("j", "j", "ended", "time")),
    ([FAILED], Job("j", "j", "ended", "failed", "BackoffLimitExceeded: m; its pod is gone")),
    (
        [FAILED, a_pod("Failed", {"terminated": {"exitCode": 66, "reason": "Error"}})],
        Job("j", "j", "ended", "failed", "", "n1", 66),
    ),
    (
        [FAILED, a_pod("Failed", {"terminated": {"exitCode": 137, "reason": "OOMKilled"}})],
        Job("j", "j", "ended", "memory", "", "n1"),
    ),
    (
        [FAILED, a_pod("Failed", **disrupted("PreemptionByScheduler"))],
        Job("j", "j", "ended", "preempted", "PreemptionByScheduler: m", "n1"),
    ),
    (
        [FAILED, a_pod("Failed", **disrupted("DeletionByTaintManager"))],
        Job("j", "j", "ended", "node", "DeletionByTaintManager: m", "n1"),
    ),
    (
        [FAILED, a_pod("Failed", reason="Evicted", message="low on memory")],
        Job("j", "j", "ended", "node", "Evicted: low on memory", "n1"),
    ),
    (
        # The newest pod counts, in whatever order they come.
        [a_job(), a_pod("Running", made="2026-01-02T00:00:00Z"), a_pod("Failed")],
        Job("j", "j", "running", node="n1"),
    ),
]


@pytest.mark.parametrize(("items", "expected"), LOOKS)
def test_what_a_look_says(items: list[dict[str, Any]], expected: Job) -> None:
    """Each state is one of ours; what is no job of ours is left out."""
    assert kubernetes.known(listed(*items, {"kind": "Job"}, {"kind": "Other"})) == [expected]


@pytest.mark.parametrize("answer", ["", "error", "[]", "{}", '{"items": 3}', "[" * 10_000])
def test_an_answer_that_is_no_list(answer: str) -> None:
    """It is an error that shows the answer, so that nothing is decided by it."""
    with pytest.raises(ValueError, match="kubectl answered"):
        kubernetes.known(answer)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["kind", "metadata", "name", "labels", "status", "phase", "conditions", "type", "state"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(ANYTHING, max_size=4))
def test_any_list_can_be_read(items: list[Any]) -> None:
    """Whatever stands in it."""
    kubernetes.known(json.dumps({"items": items}))


@pytest.mark.parametrize(
    ("request_id", "expected"),
    [
        ("a-1", "clodputer-a-1-0badcafe"),
        ("x" * 48, "clodputer-" + "x" * 44 + "-0badcafe"),
        ("x" * 43 + "-abcd", "clodputer-" + "x" * 43 + "-0badcafe"),
    ],
)
def test_names_of_jobs(request_id: str, expected: str) -> None:
    """Every engine takes them: labels of RFC 1123."""
    assert job.name(request_id, "0badcafe") == expected
    assert len(expected) <= 63


def test_an_answer_to_a_creation() -> None:
    """The job's name must be there; that it exists already is told apart from everything else."""
    assert kubernetes.created("job.batch/clodputer-a\n", "clodputer-a") == "clodputer-a"
    with pytest.raises(ValueError, match="kubectl answered"):
        kubernetes.created("job.batch/clodputer-b\n", "clodputer-a")
    said = 'kubectl: Error from server (AlreadyExists): jobs.batch "clodputer-a" already exists'
    assert kubernetes.exists(said, "clodputer-a")
    assert not kubernetes.exists(said, "clodputer-b")
    assert not kubernetes.exists("Error from server (Forbidden): clodputer-a", "clodputer-a")
