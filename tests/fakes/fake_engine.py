"""A stand-in for podman and docker: it holds `run` to what a container may have, and starts its program here."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from time import sleep

ENGINE = os.path.basename(sys.argv[0])
STATE = Path(os.environ["HOME"], ".fake-engine")
# What each container must have, whatever its task says; and what none may have, as the beginning of an argument.
MUST = (
    "--rm",
    "--interactive",
    "--pull=never",
    "--log-driver=none",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--read-only",
)
NEVER = (
    "--privileged",
    "--cap-add",
    "--device",
    "--network=host",
    "--net=",
    "--pid",
    "--ipc",
    "--uts=host",
    "--userns=host",
    "--volume",
    "-v",
    "--env-file",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
)


def main() -> int:
    """As the first argument says."""
    command, *rest = sys.argv[1:]
    STATE.mkdir(exist_ok=True)
    with open(STATE / "calls", "a", encoding="utf-8") as file:
        file.write(json.dumps({"argv": sys.argv[1:], "env": sorted(os.environ)}) + "\n")
    said = (STATE / f"{command}.fails").read_text() if (STATE / f"{command}.fails").exists() else ""
    if said:
        print(f"Error: {said}", file=sys.stderr)
        return 125
    return {"info": info, "image": image, "build": build, "run": run, "rm": remove, "ps": listed}[command](
        rest
    )


def info(_rest: list[str]) -> int:
    """Whether it works without root, in the words of each engine."""
    rootful = (STATE / "rootful").exists()
    if ENGINE == "podman":
        print("false" if rootful else "true")
    else:
        print(json.dumps(["name=seccomp,profile=builtin", *([] if rootful else ["name=rootless"])]))
    return 0


def image(rest: list[str]) -> int:
    """Whether there is such an image."""
    return 0 if rest[-1] in (STATE / "images").read_text().split() else 1


def build(rest: list[str]) -> int:
    """Remember the image, and what the build saw."""
    name, file, context = rest[rest.index("--tag") + 1], rest[rest.index("--file") + 1], rest[-1]
    if "HANG" in Path(file).read_text():
        sleep(600)
    if "FAIL" in Path(file).read_text():
        print("Error: building at STEP RUN: exit status 1", file=sys.stderr)
        return 1
    seen = sorted(str(path.relative_to(context)) for path in Path(context).rglob("*") if path.is_file())
    (STATE / "built").write_text(
        json.dumps({"name": name, "files": seen, "dockerfile": Path(file).read_text()})
    )
    with open(STATE / "images", "a", encoding="utf-8") as images:
        images.write(f"{name}\n")
    return 0


def run(rest: list[str]) -> int:
    """Start the program with the variables that were passed, where it was to work, if nothing is asked for that must not be."""
    options = rest[: next(index for index, word in enumerate(rest) if not word.startswith("--"))]
    bad = [word for word in options if word.startswith(NEVER)] + [
        word for word in MUST if word not in options
    ]
    bad += [word for word in options if word.startswith("--mount") and _too_much(word)]
    if bad:
        print(f"refused: {bad}", file=sys.stderr)
        return 125
    values = {"PATH": "/usr/bin:/bin"}
    for word in options:
        if word.startswith("--env="):
            name, given, value = word[len("--env=") :].partition("=")
            if given or name in os.environ:
                values[name] = value if given else os.environ[name]
    name = next(word for word in options if word.startswith("--name="))[len("--name=") :]
    os.chdir(next(word for word in options if word.startswith("--workdir="))[len("--workdir=") :])
    (STATE / "containers").mkdir(exist_ok=True)
    (STATE / "containers" / name).write_text(str(os.getpid()))
    program = rest[len(options) + 1 :]
    os.execvpe(program[0], program, values)  # noqa: S606  (an argument list)
    return 0


def _too_much(mount: str) -> bool:
    source = mount.partition("source=")[2].split(",")[0]
    return source in ("/", "/etc", "/var/run", "/run", os.environ["HOME"]) or source.endswith(".sock")


def remove(rest: list[str]) -> int:
    """End what runs under these names."""
    for name in rest:
        file = STATE / "containers" / name
        if file.exists():
            with suppress(ProcessLookupError, ValueError):
                os.kill(int(file.read_text()), signal.SIGKILL)
            file.unlink()
    return 0


def listed(_rest: list[str]) -> int:
    """The names of containers that nobody has removed."""
    names = os.listdir(STATE / "containers") if (STATE / "containers").exists() else []
    print("\n".join(sorted(names)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
