"""Why a sandbox does not hold, from what bubblewrap printed and from the settings of the kernel, and the exact remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Kernel(NamedTuple):
    """What the kernel says of user name spaces; empty where it has no such setting. container: we run inside one."""

    apparmor_restricts: str = ""
    unprivileged_clone: str = ""
    most_namespaces: str = ""
    container: str = ""


class Fault(NamedTuple):
    """What is the matter, and what helps."""

    message: str
    remedy: str


MISSING = Fault(
    "bubblewrap (bwrap) is not installed",
    "Install it: sudo apt-get install bubblewrap (dnf, pacman, zypper install bubblewrap)",
)
NO_SOCAT = Fault(
    "Claude Code's own sandbox needs socat, which is not installed", "Install it: sudo apt-get install socat"
)
NO_SEATBELT = Fault(
    "sandbox-exec is not there", "It belongs to macOS: look at PATH, and at /usr/bin/sandbox-exec"
)
ELSEWHERE = Fault(
    "this system has neither bubblewrap nor sandbox-exec",
    "Take sandbox out of the task, or run it on Linux or macOS",
)

# So long the path of a run's temporary folder may be, in bytes: the sockets that Claude Code's own sandbox has in it add 35
# (`/claude-socks-`, 16 digits, `.sock`; version 2.1.329), and the path of a socket may have 107 on Linux (unix(7)).
LONGEST = 107 - 35

_PROFILE = (
    "Allow bwrap user name spaces: sudo apt-get install apparmor-profiles && sudo ln -s "
    "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && sudo apparmor_parser -r "
    "/etc/apparmor.d/bwrap-userns-restrict (for all programs instead: sudo sysctl -w "
    "kernel.apparmor_restrict_unprivileged_userns=0)"
)
_REFUSALS = (
    "no permissions to create",
    "creating new namespace failed",
    "setting up uid map: permission denied",
    "failed rtm_newaddr",
    "loopback: failed",
    "unshare",
    "operation not permitted",
    "permission denied",
    "no space left on device",
)


def of_failure(stderr: str, kernel: Kernel, status: Any) -> Fault:
    """Why bubblewrap ended before the program in it began. status: its exit status, None when it did not end."""
    said = " ".join(stderr.split())[:300] or f"it ended with status {status} and said nothing"
    message = f"bubblewrap cannot make a sandbox here: {said}"
    lower = said.lower()
    if status is None:
        return Fault(
            "bubblewrap did not come back in time",
            "See what keeps the machine busy; it is tried again by itself.",
        )
    if "unknown option" in lower:
        return Fault(message, "This bubblewrap is too old: 0.8 or newer is needed.")
    if not any(refusal in lower for refusal in _REFUSALS):
        return Fault(message, "Try it by hand: bwrap --ro-bind / / --unshare-all true")
    if kernel.most_namespaces == "0":
        return Fault(
            message,
            "The kernel allows no user name spaces (user.max_user_namespaces is 0): "
            "sudo sysctl -w user.max_user_namespaces=15000",
        )
    if kernel.unprivileged_clone == "0":
        return Fault(
            message,
            "The kernel keeps user name spaces for root (kernel.unprivileged_userns_clone is 0): "
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
        )
    if kernel.container:
        return Fault(
            message,
            f"Clodputer runs inside a container ({kernel.container}), whose seccomp and AppArmor profiles forbid that: "
            "start that with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
            "--security-opt systempaths=unconfined, or run Clodputer outside.",
        )
    if kernel.apparmor_restricts == "1":
        return Fault(message, f"AppArmor restricts user name spaces, as on Ubuntu 24.04. {_PROFILE}")
    return Fault(message, "Try it by hand: bwrap --ro-bind / / --unshare-all true")


def too_long(base: str, length: int) -> Fault:
    """Claude Code's own sandbox would refuse each command. base: the folder for temporary files; length: of that of a run."""
    return Fault(
        "Claude Code's own sandbox would refuse every command, as it has sockets in the temporary folder, "
        f"whose path may have {LONGEST} bytes, and those of runs in {base} have {length}",
        f"Set TMPDIR to a path with {length - LONGEST} bytes less, and install with it: TMPDIR=/tmp clodputer install",
    )


# What the probe inside tries, and what is the matter when it succeeds where it must not, or fails where it must not.
TRIED: Mapping[str, tuple[bool, str]] = {
    "write_allowed": (True, "it cannot write where it may"),
    "write_forbidden": (False, "it can write outside of its folders"),
    "read_forbidden": (False, "it can read what is hidden from it"),
    "connect": (False, "it can reach a server of this machine"),
    "abstract_socket": (False, "it can reach an abstract socket of this machine"),
    "signal": (False, "it can see a process outside"),
    "kernel": (False, "it can change settings of the kernel"),
    "privileges": (False, "it may gain privileges"),
}


def of_probe(answer: Any) -> str:
    """What is wrong with the answer of the probe, as a clause; empty when the sandbox holds."""
    if not isinstance(answer, dict):
        return "the probe inside of it gave no answer"
    wrong = [why for name, (wanted, why) in TRIED.items() if answer.get(name) is not wanted]
    return ", ".join(wrong)
