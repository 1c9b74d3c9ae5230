"""Kubernetes as the clock: CronJobs that start `exec` in pods, and the one volume on which the home lies."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from clodputer.model.engine import kubernetes
from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.ring import Expression, Times
from clodputer.schedulers.cron import times
from clodputer.schedulers.rendered import MARK, Given
from clodputer.schedulers.rendered.slurm import every
from clodputer.schedulers.unit import SWEEP, TASK, WEBHOOKS, Alarm, Frame, Unit, home_tag, unit_stem

UTC = "Etc/UTC"
# The controller adds eleven letters to the name of a CronJob, and 63 are the most that a job may have.
_LONGEST = 52
# After so many seconds a slot time is not made good any more: the next exec handles what was missed. Without a deadline the
# controller gives a CronJob up for good when it has missed a hundred.
_DEADLINE = 300
_SIZE = "10Gi"


def render(frame: Frame, alarm: Alarm, given: Given) -> Unit:
    """The CronJobs of one alarm; drops are served by that of the sweep. Raises ClodputerError."""
    if alarm.kind == WEBHOOKS:
        raise ClodputerError(
            "kubernetes_cannot_listen",
            "CronJobs cannot listen for webhooks, so none is received",
            "Have a service of the cluster start `clodputer receive` for each connection, as inetd does.",
        )
    name = unit_stem(frame.home, frame.account, alarm.kind, alarm.task)
    moments: list[tuple[str, str]] = []
    if alarm.kind == SWEEP:
        moments = [(every(frame.sweep), UTC)]
    elif alarm.kind == TASK:
        moments = list(dict.fromkeys(found for one in alarm.ring.times for found in _moments(frame, one)))
    made = {}
    for number, (fields, zone) in enumerate(moments, 1):
        called = _called(f"clodputer-{name}{f'-{number}' if number > 1 else ''}")
        made[f"{called}.yaml"] = _text(_cron_job(called, frame, alarm, fields, zone, given))
    return Unit(name, alarm.kind, alarm.task, made)


def files(frame: Frame, units: Sequence[Unit], _given: Given) -> Mapping[str, str]:
    """The CronJobs, the claim of the volume, and a list of all of them for `kubectl apply --kustomize`."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": _claim(frame)},
        # Of one pod alone: two execs never write to one home from two machines.
        "spec": {"accessModes": ["ReadWriteOncePod"], "resources": {"requests": {"storage": _SIZE}}},
    }
    found = {"volume.yaml": _text(claim)}
    found.update((name, text) for unit in units for name, text in unit.files.items())
    whole = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(found),
    }
    return {**found, "kustomization.yaml": _text(whole)}


def _moments(frame: Frame, one: Times) -> list[tuple[str, str]]:
    """The five fields and the zone of each schedule that cron can express exactly."""
    zone = (one.zone or frame.zone or UTC) if isinstance(one, Expression) else UTC
    # What has a zone of its own is exact here, as each schedule says its zone.
    return [(fields, zone) for fields in times.times(one, zone)]


def _cron_job(name: str, frame: Frame, alarm: Alarm, fields: str, zone: str, given: Given) -> dict[str, Any]:
    settings = {"image": given.image, "volume_claim": _claim(frame), "secret": given.secret}
    pod = kubernetes.pod(settings, frame.home, alarm.arguments(), (os.geteuid(), os.getegid()))
    if frame.zone:
        # What tasks say of times is meant by the clock of this machine.
        pod["containers"][0]["env"].append({"name": "TZ", "value": frame.zone})
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "labels": dict(kubernetes.OURS)},
        "spec": {
            "schedule": fields,
            "timeZone": zone,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _DEADLINE,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {
                    "backoffLimit": 0,
                    "template": {"metadata": {"labels": dict(kubernetes.OURS)}, "spec": pod},
                }
            },
        },
    }


def _claim(frame: Frame) -> str:
    tag = home_tag(frame.home, frame.account)
    return f"clodputer-{tag}" if tag else "clodputer"


def _called(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 7].rstrip('-')}-{sha256(name.encode()).hexdigest()[:6]}"


def _text(manifest: Mapping[str, Any]) -> str:
    # A tenth of a second, for whoever asks for these files alone.
    import yaml

    return f"{MARK}\n{yaml.safe_dump(manifest, sort_keys=False, width=1000)}"
