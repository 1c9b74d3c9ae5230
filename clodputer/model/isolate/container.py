"""A container for each run of a task: the keys, the rules between them, and the names of containers and images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from clodputer.model.agent import prompted
from clodputer.model.config.keys import CHOICE, DURATION, NEVER, PART, TEXT, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.isolate.worktree import WORKTREE

PODMAN, DOCKER = "podman", "docker"
NO_NETWORK, INTERNET = "none", "internet"
# How long an image may take to be built, in seconds, where the task does not say.
USUAL_BUILD = 1800.0
# What of a run is started in a container of its own beside the agent; its name ends with this.
USES = ("precheck", "setup", "verify-before", "check", "verify-after", "teardown")

# distribution/reference: lower-case path components, then a tag or a digest.
_IMAGE = re.compile(
    r"[a-z0-9][a-z0-9._/:-]{0,200}(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
_NAME = re.compile(r"clodputer-[A-Za-z0-9_.-]{1,200}")
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


class Container(NamedTuple):
    """The task's part `container`. build_timeout: seconds."""

    image: str = ""
    dockerfile: str = ""
    engine: str = PODMAN
    network: str = NO_NETWORK
    build_timeout: float = USUAL_BUILD

    @property
    def used(self) -> bool:
        """Whether runs of the task are started in a container."""
        return bool(self.image or self.dockerfile)


def _image(value: Any) -> Any:
    if not _IMAGE.fullmatch(value):
        raise Expected("the name of an image, such as docker.io/library/node:22")
    return value


def _inside(value: Any) -> Any:
    if value.startswith(("/", "~", "-", ".git/")) or ".." in value.split("/") or "\n" in value:
        raise Expected("the path of a Dockerfile inside the repository, such as ci/agent/Dockerfile")
    return value


KEYS: tuple[Key, ...] = (
    Key(
        "container",
        PART,
        {},
        "Each run is started in a container without privileges. See [Containers](containers.md).",
        keys=(
            Key(
                "image",
                TEXT,
                "",
                "The image that runs are started from. It is never pulled by a run: it must be there.",
                absent="that of `dockerfile`",
                check=_image,
                env=NEVER,
                example="docker.io/library/node:22",
            ),
            Key(
                "dockerfile",
                TEXT,
                "",
                "The Dockerfile in the repository that the image is built from, as the commit has it at which the worktree "
                "begins. The build sees only the folder that it lies in. Needs `isolation: worktree`.",
                absent="nothing is built",
                check=_inside,
                env=NEVER,
                example="ci/agent/Dockerfile",
            ),
            Key(
                "engine",
                CHOICE,
                PODMAN,
                "What runs containers. Either must work without root (rootless).",
                choices=(PODMAN, DOCKER),
                example=DOCKER,
            ),
            Key(
                "network",
                CHOICE,
                NO_NETWORK,
                "`internet`: the container reaches what this machine reaches, but for the machine itself. claude needs it.",
                choices=(NO_NETWORK, INTERNET),
                example=INTERNET,
            ),
            Key(
                "build_timeout",
                DURATION,
                USUAL_BUILD,
                "How long building the image may take.",
                smallest=1,
                largest=86400,
                example="1h",
            ),
        ),
        absent="none",
        env=NEVER,
        example={"image": "docker.io/library/node:22"},
    ),
)


def faults(keys: Mapping[str, Any], agent: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """What speaks against the part as a file has it, beside the other keys of the file: a path and a sentence for each."""
    part = keys.get("container")
    if not isinstance(part, dict):
        return
    if not part.get("image") and not part.get("dockerfile"):
        yield ("container",), "expected image or dockerfile: what are the containers made from?"
    if part.get("image") and part.get("dockerfile"):
        yield ("container",), "image and dockerfile are both given; keep one of them"
    in_tree = keys.get("isolation") == WORKTREE if "isolation" in keys else "worktree" in keys
    if part.get("dockerfile") and not in_tree:
        yield ("container",), "dockerfile needs isolation: worktree, whose commit the image is built from"
    if prompted(agent) and part.get("network", NO_NETWORK) == NO_NETWORK:
        yield ("container",), f"{agent} needs the network; add network: internet"
    for key in ("add_dirs", "mcp_config"):
        if keys.get(key):
            yield (
                (key,),
                "has no effect in a container, which sees only the working directory; remove the line",
            )
    sandbox = keys.get("sandbox")
    if isinstance(sandbox, dict):
        sandbox = sandbox.get("mode", "strict")
    if sandbox == "strict":
        yield ("container",), "container and sandbox: strict are both given; keep one of them"


def name(run_id: str) -> str:
    """The name of the container of a run."""
    return f"clodputer-{_UNFIT.sub('-', run_id)[:150]}"


def names(of_agent: str) -> list[str]:
    """All names that containers of a run can have; none for what is no name of ours."""
    return [of_agent, *(f"{of_agent}-{use}" for use in USES)] if _NAME.fullmatch(of_agent) else []


def tag(task: str, digest: str) -> str:
    """The name of the image that is built for a task from files with this digest."""
    return f"localhost/clodputer/{_UNFIT.sub('-', task.lower()).strip('-._') or 'x'}:{digest}"
