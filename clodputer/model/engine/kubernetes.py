"""Kubernetes, decided purely: the manifest of a job, what `kubectl` is called with, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clodputer.model.engine.job import (
    DONE,
    ENDED,
    FAILED,
    MEMORY,
    NODE,
    PREEMPTED,
    RUNNING,
    TIME,
    WAITING,
    Job,
    one_line,
)
from clodputer.model.text.jsontext import loads

# By this label of both a job and its pod they are found.
LABEL = "clodputer/job"
OURS = {"app.kubernetes.io/managed-by": "clodputer"}
_JOBS = "jobs.v1.batch"
# So long a job that has ended is kept by the cluster, for people who want to look at it; in seconds.
KEPT = 7 * 86400
# A run that is told to end gets its own grace, and is settled after it; in seconds.
GRACE = 120
# What `kubectl` needs of our environment, and no more: a call of it has no use for secrets.
VARIABLES = (
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "TMPDIR",
    "TZ",
    "USER",
    "https_proxy",
    "http_proxy",
    "no_proxy",
)
PREFIX = "KUBE"

# Why the pod of a job was ended by the cluster: the condition DisruptionTarget of pods. Any other reason than this one concerns
# its node: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/
_MADE_ROOM = "PreemptionByScheduler"


def manifest(
    name: str,
    request_id: str,
    task: str,
    home: str,
    arguments: Sequence[str],
    settings: Mapping[str, Any],
    owner: tuple[int, int],
) -> dict[str, Any]:
    """A Job of one pod that is started once and never again. settings: of the lane. owner: user and group of the home's files.

    backoffLimit, restartPolicy: what was begun may have done its work, so nobody but Clodputer says whether it is begun again.
    """
    labels = {**OURS, LABEL: name}
    notes = {"clodputer/request": request_id, "clodputer/task": task}
    spec: dict[str, Any] = {
        "backoffLimit": 0,
        "completions": 1,
        "parallelism": 1,
        "podReplacementPolicy": "Failed",
        "ttlSecondsAfterFinished": KEPT,
        "template": {
            "metadata": {
                "labels": labels,
                "annotations": {**notes, "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
            },
            "spec": pod(settings, home, arguments, owner),
        },
    }
    if settings.get("time"):
        spec["activeDeadlineSeconds"] = int(settings["time"])
    if settings.get("queue"):
        # Kueue starts it when there is room: https://kueue.sigs.k8s.io/docs/tasks/run/jobs/
        spec["suspend"] = True
        labels = {**labels, "kueue.x-k8s.io/queue-name": settings["queue"]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels, "annotations": notes},
        "spec": spec,
    }


def pod(
    settings: Mapping[str, Any], home: str, arguments: Sequence[str], owner: tuple[int, int]
) -> dict[str, Any]:
    """What is in a pod that runs `clodputer` in a home: no rights of the cluster, and secrets by the name of a Secret alone."""
    user, group = owner
    mount = settings.get("mount") or home.rpartition("/")[0] or "/"
    container = {
        "name": "run",
        "image": settings["image"],
        "command": ["clodputer", *arguments],
        "env": [{"name": "CLODPUTER_HOME", "value": home}, {"name": "HOME", "value": mount}],
        "volumeMounts": [{"name": "home", "mountPath": mount}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    if settings.get("secret"):
        container["envFrom"] = [{"secretRef": {"name": settings["secret"]}}]
    if _sizes(settings):
        # Whoever asks for no less than it may have is evicted last.
        container["resources"] = {"requests": _sizes(settings), "limits": _sizes(settings)}
    made: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        # Then the first process is not ours, and takes care of processes that others leave.
        "shareProcessNamespace": True,
        "terminationGracePeriodSeconds": GRACE,
        "securityContext": {
            "runAsUser": user,
            "runAsGroup": group,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "home", "persistentVolumeClaim": {"claimName": settings["volume_claim"]}},
        ],
    }
    if settings.get("service_account"):
        made["serviceAccountName"] = settings["service_account"]
    if settings.get("runtime_class"):
        made["runtimeClassName"] = settings["runtime_class"]
    return made


def _sizes(settings: Mapping[str, Any]) -> dict[str, str]:
    wanted = {"memory": settings.get("memory"), "cpu": settings.get("cpus")}
    return {name: str(value) for name, value in wanted.items() if value}


def creation(settings: Mapping[str, Any]) -> list[str]:
    """The arguments of a `kubectl` that makes a job from the manifest on its stdin, and prints its name."""
    return [*_kubectl(settings), "create", "--filename=-", "--output=name"]


def exists(refusal: str, name: str) -> bool:
    """Whether a creation failed because that very job is there: its answer was lost, and it was sent again."""
    return "AlreadyExists" in refusal and name in refusal


def created(text: str, name: str) -> str:
    """The id in the answer to a creation, `job.batch/NAME`. Raises ValueError when it is another answer."""
    if not text.strip().endswith(f"/{name}"):
        raise ValueError(f"kubectl answered {text[:100]!r} where it should have named a job")
    return name


def look(names: Sequence[str], settings: Mapping[str, Any]) -> list[str]:
    """The arguments of a `kubectl` that reports the jobs of these names and of their pods, in one answer."""
    selector = f"--selector={LABEL} in ({','.join(names)})"
    return [*_kubectl(settings), "get", f"{_JOBS},pods", selector, "--output=json"]


def deletion(name: str, settings: Mapping[str, Any]) -> list[str]:
    """The arguments of a `kubectl` that ends a job and its pod, and does not wait for it; one that is gone is no error."""
    return [
        *_kubectl(settings),
        "delete",
        _JOBS,
        name,
        "--ignore-not-found",
        "--wait=false",
        "--cascade=background",
    ]


def _kubectl(settings: Mapping[str, Any]) -> list[str]:
    where = {"context": settings.get("context"), "namespace": settings.get("namespace")}
    return [
        "kubectl",
        "--request-timeout=20s",
        *(f"--{option}={value}" for option, value in where.items() if value),
    ]


def known(text: str) -> list[Job]:
    """The jobs in an answer to `look`; what is no job of ours is left out. Raises ValueError when it is no such answer."""
    try:
        found = loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise ValueError(f"kubectl answered {text[:100]!r} where it should have listed jobs")
    pods: dict[str, Any] = {}
    for pod in sorted(found["items"], key=lambda one: _text(one, "metadata", "creationTimestamp")):
        if _text(pod, "kind") == "Pod":
            pods[_text(pod, "metadata", "labels", LABEL)] = pod  # the newest one counts
    return [
        _job(_text(item, "metadata", "name"), item, pods.get(_text(item, "metadata", "name")))
        for item in found["items"]
        if _text(item, "kind") == "Job" and _text(item, "metadata", "name")
    ]


def _job(name: str, item: Any, pod: Any) -> Job:
    conditions, phase = _conditions(item), _text(pod, "status", "phase")
    node = one_line(_text(pod, "spec", "nodeName"))
    if "Complete" in conditions:
        return Job(name, name, ENDED, DONE, node=node)
    if "Failed" in conditions:
        end, words, status = _failure(conditions["Failed"], pod)
        return Job(name, name, ENDED, end, one_line(words), node, status)
    if phase and phase != "Pending":
        return Job(name, name, RUNNING, node=node)  # also while its end is not yet that of the job
    if _at(item, "metadata", "deletionTimestamp"):
        words = "it is being deleted"
    elif _at(item, "spec", "suspend") is True:
        words = "suspended"
    else:
        words = _pending(pod)
    return Job(name, name, WAITING, "", one_line(words))


def _failure(condition: Any, pod: Any) -> tuple[str, str, int | None]:
    """How a job failed, what is said of it, and the exit status of its program."""
    reason, message = _text(condition, "reason"), _text(condition, "message")
    if reason == "DeadlineExceeded":
        return TIME, "", None
    if not isinstance(pod, dict):
        return FAILED, f"{reason}: {message}; its pod is gone", None
    ended = _state(pod, "terminated")
    status = ended.get("exitCode")
    if ended.get("reason") == "OOMKilled":
        return MEMORY, "", None
    disrupted = _conditions(pod).get("DisruptionTarget")
    if disrupted is not None:
        end = PREEMPTED if _text(disrupted, "reason") == _MADE_ROOM else NODE
        return end, f"{_text(disrupted, 'reason')}: {_text(disrupted, 'message')}", None
    if _text(pod, "status", "reason"):
        # Of the kubelet, which ended or refused it: Evicted, Shutdown, NodeAffinity, UnexpectedAdmissionError and others.
        return NODE, f"{_text(pod, 'status', 'reason')}: {_text(pod, 'status', 'message')}", None
    said = str(ended.get("reason") or "")
    return FAILED, "" if said == "Error" else said, status if isinstance(status, int) else None


def _pending(pod: Any) -> str:
    """Why a pod does not begin, as the cluster says it."""
    waits = _state(pod, "waiting")
    placed = _conditions(pod, "False").get("PodScheduled")
    said = waits if waits.get("reason") else placed if isinstance(placed, dict) else {}
    reason, message = str(said.get("reason") or ""), str(said.get("message") or "")
    return f"{reason}: {message}" if reason and message else reason


def _state(pod: Any, kind: str) -> Mapping[str, Any]:
    """What is said of the state of a pod's container when it is of that kind."""
    containers = _at(pod, "status", "containerStatuses")
    first = containers[0] if isinstance(containers, list) and containers else None
    found = _at(first, "state", kind)
    return found if isinstance(found, dict) else {}


def _conditions(item: Any, status: str = "True") -> dict[str, Any]:
    listed = _at(item, "status", "conditions")
    return {
        _text(one, "type"): one
        for one in (listed if isinstance(listed, list) else ())
        if _text(one, "status") == status
    }


def _text(value: Any, *path: str) -> str:
    found = _at(value, *path)
    return found if isinstance(found, str) else ""


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
