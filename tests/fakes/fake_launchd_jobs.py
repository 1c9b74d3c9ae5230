"""The jobs of the fake launchd: how they are started, and how `launchctl print` shows them."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def alive(pid: int) -> bool:
    """Whether a job's process is there; its keeper leaves no zombie."""
    try:
        if pid > 0:
            os.kill(pid, 0)
        return pid > 0
    except ProcessLookupError:
        return False


def start(now: dict[str, Any], label: str) -> None:
    """Start a job's program with the environment of its plist, as launchd does; a keeper waits for its end."""
    from tests.fakes.fake_launchctl import state

    job = now["jobs"][label]
    job["runs"] += 1
    if not now["fires"]:
        return
    keys = job["keys"]
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        # The lock on the state is among them, and would stay locked as long as the job runs.
        os.closerange(3, writing)
        os.closerange(writing + 1, 256)
        # Not the caller's pipes: whoever reads them to their end would wait for the job.
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        process = _spawn(label, keys)
        os.write(writing, str(process.pid if process else 0).encode())
        os.close(writing)
        status = process.wait() if process else 78
        with state() as later:
            if label in later["jobs"]:
                later["jobs"][label].update(last=status, pid=0)
        os._exit(0)
    os.close(writing)
    job["pid"] = int(os.read(reading, 20))
    os.close(reading)


def _spawn(label: str, keys: dict[str, Any]) -> Any:
    import subprocess

    environment = {
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": os.environ["HOME"],
        "USER": "somebody",
        "LOGNAME": "somebody",
        "SHELL": "/bin/zsh",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        "XPC_SERVICE_NAME": label,
        "XPC_FLAGS": "0x0",
        **keys.get("EnvironmentVariables", {}),
    }
    if "FAKE_LAUNCHD" in os.environ:
        environment["FAKE_LAUNCHD"] = os.environ["FAKE_LAUNCHD"]
    try:
        out = os.open(keys["StandardOutPath"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        return subprocess.Popen(
            keys["ProgramArguments"],
            cwd=keys["WorkingDirectory"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    except OSError:
        return None


def described(target: str, job: dict[str, Any]) -> str:
    """A job in the words of `launchctl print`."""
    keys, running = job["keys"], alive(job["pid"])
    state = "SIGTERMed" if job["left"] is not None else "running" if running else "not running"
    last = "(never exited)" if job["last"] is None else job["last"]
    arguments = "".join(f"\t\t{word}\n" for word in keys["ProgramArguments"])
    environment = "".join(
        f"\t\t{key} => {value}\n" for key, value in keys.get("EnvironmentVariables", {}).items()
    )
    return (
        f"{target} = {{\n\tactive count = {int(running)}\n\tpath = {job['path']}\n\ttype = LaunchAgent\n"
        f"\tstate = {state}\n\n\tprogram = {keys['ProgramArguments'][0]}\n\targuments = {{\n{arguments}\t}}\n\n"
        f"\tdefault environment = {{\n\t\tPATH => /usr/bin:/bin:/usr/sbin:/sbin\n\t}}\n\n"
        f"\tenvironment = {{\n{environment}\t\tXPC_SERVICE_NAME => {keys['Label']}\n\t}}\n\n"
        f"\tdomain = gui/{os.getuid()} [100005]\n\texit timeout = {keys.get('ExitTimeOut', 5)}\n\truns = {job['runs']}\n"
        + (f"\tpid = {job['pid']}\n" if running else "")
        + f"\tlast exit code = {'78: EX_CONFIG' if last == 78 else last}\n}}\n"
    )


def domain(now: dict[str, Any], target: str) -> str:
    """A session in the words of `launchctl print`."""
    lines = "".join(
        f"\t\t{job['pid']:8}{job['last'] or '-':>7}\t{label}\n" for label, job in now["jobs"].items()
    )
    off = "".join(
        f'\t\t"{label}" => {"disabled" if off else "enabled"}\n' for label, off in now["overrides"].items()
    )
    return (
        f"{target} = {{\n\ttype = user\n\thandle = {os.getuid()}\n\tservices = {{\n\t\t     381      - \t"
        f"com.apple.Finder\n{lines}\t}}\n\n\tdisabled services = {{\n{off}\t}}\n}}\n"
    )
