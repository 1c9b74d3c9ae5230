"""The argument list of an engine: what a container may do, what it sees, and which variables go in; pure."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.model.isolate.container import DOCKER, INTERNET, PODMAN
from clodputer.model.run import Launch

# The home folder of whoever works in the container; it is empty, and goes with the container.
HOME = "/home/agent"
_TEMPORARY = "rw,exec,nosuid,nodev,mode=1777"
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
# What means something else inside: places of this machine, and the person's session.
_OF_HERE = frozenset(
    (
        "HOME",
        "USER",
        "LOGNAME",
        "PATH",
        "SHELL",
        "TMPDIR",
        "SSH_AUTH_SOCK",
        "DBUS_SESSION_BUS_ADDRESS",
        "NODE_EXTRA_CA_CERTS",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "REGISTRY_AUTH_FILE",
        "CLODPUTER_HOME",
        "CLODPUTER_SESSIONS",
        "CLAUDE_CONFIG_DIR",
    )
)
# Variables by which the engine's own program, or the loader that starts it, would do something else.
_STEERING = (
    "XDG_",
    "LD_",
    "DYLD_",
    "DOCKER_",
    "CONTAINER",
    "PODMAN_",
    "BUILDAH_",
    "STORAGE_",
    "SSL_CERT_",
    "GODEBUG",
)


def around(facts: Mapping[str, Any], launch: Launch, use: str) -> Launch:
    """The launch of the engine that starts `launch` in a container. use: what for, empty for the agent."""
    passed, written = variables(facts, launch.env)
    argv = [
        str(facts["program"]),
        "run",
        "--rm",
        "--interactive",
        "--pull=never",
        f"--name={facts['name']}{f'-{use}' if use else ''}",
        f"--label=clodputer.run={facts['run_id']}",
        "--log-driver=none",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        # Or SELinux keeps it from the folders of the person, which are not relabelled.
        "--security-opt=label=disable",
        "--read-only",
        *_user(facts),
        *(["--network=none"] if facts["network"] != INTERNET else []),
        f"--tmpfs=/tmp:{_TEMPORARY}",
        f"--tmpfs={HOME}:{_TEMPORARY}",
        *_mounts(facts, launch.env.get("TMPDIR", "")),
        f"--workdir={launch.working_directory}",
        *(f"--env={name}={value}" for name, value in written.items()),
        *(f"--env={name}" for name in passed),
        "--entrypoint=",
        str(facts["image"]),
        *launch.argv,
    ]
    client = {**facts["client"], "TMPDIR": launch.env.get("TMPDIR", "/tmp")}  # noqa: S108
    return launch._replace(argv=tuple(argv), env={**{name: launch.env[name] for name in passed}, **client})


def variables(facts: Mapping[str, Any], env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The variables whose names alone are passed, and those that are written out, as the engine's program needs its own."""
    own = set(facts["own"])
    passed = [name for name in sorted(env) if _goes_in(name, own, online=facts["network"] == INTERNET)]
    written = {
        name: env[name]
        for name in sorted(own)
        if name in env and (name in _OF_HERE or name.startswith(_STEERING))
    }
    written["HOME"] = HOME
    if env.get("TMPDIR"):
        written["TMPDIR"] = env["TMPDIR"]
    if facts["config"]:
        written["CLAUDE_CONFIG_DIR"] = f"{HOME}/.claude"
    if facts["engine"] == DOCKER:
        written["IS_SANDBOX"] = "1"  # claude inside is called root, and is nobody outside
    return [name for name in passed if name not in written], written


def _goes_in(name: str, own: set[str], *, online: bool) -> bool:
    if name in _OF_HERE or name.startswith(_STEERING):
        return False
    return online or name in own or name.lower() not in _PROXIES


def _user(facts: Mapping[str, Any]) -> list[str]:
    """Files that are made in the container belong to the account outside, which has no other rights inside than on its own."""
    if facts["engine"] == PODMAN:
        return ["--userns=keep-id", f"--user={facts['user']}", "--http-proxy=false"]
    # A docker without root maps its root to the account.
    return ["--user=0:0"]


def _mounts(facts: Mapping[str, Any], temporary: str) -> Iterator[str]:
    both = [*((path, True) for path in facts["writable"]), *((path, False) for path in facts["readable"])]
    if temporary:
        both.append((temporary, True))
    for path, writable in both:
        yield _mount(path, path, writable=writable)
    if facts["config"]:
        yield _mount(facts["config"], f"{HOME}/.claude", writable=True)


def _mount(source: str, target: str, *, writable: bool) -> str:
    return f"--mount=type=bind,source={source},target={target}{'' if writable else ',readonly'}"


def unfit(path: str) -> bool:
    """Whether a path cannot be written into a mount, whose parts are parted by commas."""
    return any(letter in path for letter in ',"\n') or not os.path.isabs(path)
