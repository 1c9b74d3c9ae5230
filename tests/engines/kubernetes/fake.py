"""A cluster of Kubernetes that is played by tests/fakes/kubectl: the folder of its state, and pods that run its jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clodputer.store.home import Home
from tests.warm import ROOT
from tests.workshop import environment

FAKE = ROOT / "tests" / "fakes" / "kubectl"


class Cluster:
    """The fake's folder below HOME, its program in a folder for PATH, and an image in which Clodputer is installed."""

    def __init__(self, folder: Path, home: Home) -> None:
        self.home, self.folder = home, folder / "kubernetes"
        self._programs, self._image = folder / "programs", folder / "image"
        for each in (self.folder, self._programs, self._image):
            each.mkdir()
        (self._programs / "kubectl").symlink_to(FAKE)
        program = self._image / "clodputer"
        program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m clodputer "$@"\n')
        program.chmod(0o755)
        # What the Secret of the lane has.
        self.secret: dict[str, str] = {}

    def extra(self, more: Mapping[str, str] = {}) -> dict[str, str]:
        """What an exec needs in its environment to meet it."""
        path = environment(self.home)["PATH"]
        return {"PATH": f"{self._programs}:{path}", "HOME": str(self.folder.parent), **more}

    def names(self) -> list[str]:
        """The names of all jobs that were ever made, the first one first."""
        order = self.folder / "order"
        return order.read_text().split() if order.exists() else []

    def job(self, name: str) -> dict[str, Any]:
        """A job as the API has it."""
        found: dict[str, Any] = json.loads((self.folder / f"{name}.job").read_text())
        return found

    def exists(self, name: str) -> bool:
        """Whether the cluster has a job."""
        return (self.folder / f"{name}.job").exists()

    def forget(self, name: str) -> None:
        """Delete a job by hand, and its pod."""
        for kind in ("job", "pod"):
            (self.folder / f"{name}.{kind}").unlink(missing_ok=True)

    def become(self, name: str, condition: str, reason: str = "", message: str = "") -> None:
        """Have a job be in a condition, Complete or Failed."""
        job = self.job(name)
        job["status"]["conditions"] = [
            {"type": condition, "status": "True", "reason": reason, "message": message}
        ]
        (self.folder / f"{name}.job").write_text(json.dumps(job))

    def pod(self, name: str, phase: str, state: Mapping[str, Any] = {}, **status: Any) -> None:
        """Have a job's pod be in a phase, and its container in a state."""
        pod = {
            "kind": "Pod",
            "metadata": {
                "name": f"{name}-x1y2z",
                "labels": {"clodputer/job": name},
                "creationTimestamp": "2026-11-29T03:00:00Z",
            },
            "spec": {"nodeName": "" if phase == "Pending" else "n1"},
            "status": {"phase": phase, "containerStatuses": [{"state": state}], **status},
        }
        (self.folder / f"{name}.pod").write_text(json.dumps(pod))

    def say(self, file: str, text: str) -> None:
        """Write a file that changes how its program behaves."""
        (self.folder / file).write_text(text)

    def calls(self, verb: str) -> list[str]:
        """How the program was called."""
        calls = self.folder / "calls"
        return (
            [line for line in calls.read_text().splitlines() if f" {verb} " in line] if calls.exists() else []
        )

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start the container of a job, as a node does."""
        (container,) = self.job(name)["spec"]["template"]["spec"]["containers"]
        self.pod(name, "Running")
        given = {one["name"]: one["value"] for one in container["env"]}
        secret = self.secret if container.get("envFrom") else {}
        path = f"{self._image}:{environment(self.home)['PATH']}"
        return subprocess.Popen(
            container["command"],
            executable=str(self._image / container["command"][0]),
            cwd="/",
            env={"PATH": path, **secret, **given},
            start_new_session=True,
        )

    def run(self, name: str) -> int:
        """Run the container of a job to its end; its exit status."""
        status = self.start(name).wait(60)
        self.ended(name, status)
        return status

    def ended(self, name: str, status: int) -> None:
        """Have the container of a job be ended with a status."""
        reason = "Error" if status else "Completed"
        self.pod(
            name,
            "Failed" if status else "Succeeded",
            {"terminated": {"exitCode": status, "reason": reason}},
        )
        if status:
            self.become(name, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        else:
            self.become(name, "Complete")
