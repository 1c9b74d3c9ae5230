"""Sandboxes, decided purely: what is mounted where, what cannot be enclosed, the arguments, and the remedies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.isolate.sandbox import bubblewrap, plan, remedy, seatbelt
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.model.isolate.sandbox.plan import HIDE, LOCK, READ, WRITE, Mount, Place, Surroundings
from clodputer.model.isolate.sandbox.remedy import Kernel

HOME = Place("/home/me", "/home/me")
OURS = Place("/home/me/.clodputer", "/home/me/.clodputer")


def at(*paths: str) -> tuple[Place, ...]:
    return tuple(Place(path, path) for path in paths)


def around(**more: Any) -> Surroundings:
    return Surroundings(
        home=HOME, hidden=(OURS,), private=(("/home/me", "/box/home"), ("/tmp", "/box/tmp")), **more
    )


def seen(mounts: tuple[Mount, ...], path: str) -> tuple[str, str]:
    """How a path is there, by the last mount that covers it, and from where; "nothing" where none does."""
    covering = [mount for mount in mounts if plan.below(path, mount.path)]
    return (covering[-1].kind, covering[-1].source) if covering else ("nothing", "")


def test_a_mapping_means_strict() -> None:
    levels = [
        Sandbox().level,
        Sandbox(mode="off").level,
        Sandbox(mode="claude").level,
        Sandbox(write=("/a",)).level,
    ]
    assert levels == ["off", "off", "claude", "strict"]
    words = [
        Sandbox(network=network).network_words
        for network in ({}, {"mode": "loopback"}, {"hosts": ["a", "b"]})
    ]
    assert words == ["none", "loopback", "a, b"]


WORK = "/home/me/work"
SEEN: list[tuple[dict[str, Any], str, str]] = [
    ({}, "/home/me/.ssh/id_rsa", WRITE),  # in the home folder of the run's own
    ({}, "/etc/shadow", "nothing"),
    ({"system": at("/usr")}, "/usr/bin/sh", READ),
    ({"write": at(WORK)}, f"{WORK}/a", WRITE),
    ({"write": at(WORK), "lock": at(f"{WORK}/.claude")}, f"{WORK}/.claude/settings.json", LOCK),
    (
        {"write": at(WORK), "lock": at(f"{WORK}/.claude"), "given": at(f"{WORK}/.claude")},
        f"{WORK}/.claude/a",
        WRITE,
    ),
    ({"write": at(WORK), "hide": at(f"{WORK}/.env")}, f"{WORK}/.env", HIDE),
    ({"write": at(WORK), "hide": at(f"{WORK}/a"), "given": at(f"{WORK}/a/b")}, f"{WORK}/a/b/c", WRITE),
    ({"write": at(WORK), "hide": at(f"{WORK}/a"), "given": at(f"{WORK}/a/b")}, f"{WORK}/a/c", HIDE),
    ({"write": at(WORK), "hide": at(f"{WORK}/a"), "given": at(f"{WORK}/a")}, f"{WORK}/a", HIDE),
    ({"read": at("/home")}, "/home/other/a", READ),
    ({"read": at("/home")}, "/home/me/.ssh", WRITE),
    ({"read": at("/home")}, "/home/me/.clodputer/secrets.env", HIDE),
    ({"read": at("/data"), "write": at("/data/out")}, "/data/out/a", WRITE),
    ({"read": at("/data/with space"), "hide": at("/elsewhere")}, "/elsewhere", "nothing"),
    ({"write": (Place("/link", "/real"),)}, "/link/a", WRITE),
    ({"write": (Place("/link", "/real"),)}, "/real/a", WRITE),
]


@pytest.mark.parametrize(("places", "path", "kind"), SEEN)
def test_what_a_run_sees(places: dict[str, Any], path: str, kind: str) -> None:
    assert seen(plan.mounts(around(**places)), path)[0] == kind


def test_the_home_folder_is_the_runs_own() -> None:
    mounts = plan.mounts(around(read=at("/home"), write=at(WORK)))
    assert seen(mounts, "/home/me/.ssh") == (WRITE, "/box/home")
    assert seen(mounts, WORK) == (WRITE, WORK)


TREE = "/home/me/.clodputer/trees/t/r"
FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"write": at(WORK)}, ""),
    ({"write": at("/home/me")}, "home folder"),
    ({"write": at("/home")}, "home folder"),
    ({"write": at("/")}, "home folder"),
    ({"write": (Place("/w", "/home/me"),)}, "home folder"),
    ({"given": at("/etc/cron.d")}, "belongs to the system"),
    ({"given": at("/usr")}, "belongs to the system"),
    ({"given": at("/home/me/.clodputer/spool")}, "no run may see"),
    ({"given": (Place("/innocent", "/home/me/.clodputer"),)}, "no run may see"),
    ({"write": at(TREE)}, ""),
    ({"read": at("/")}, "/ holds everything"),
    ({"read": at("/home/me/.clodputer/secrets.env")}, "no run may see"),
    ({"read": at("/home")}, ""),
]


@pytest.mark.parametrize(("places", "fault"), FAULTS)
def test_what_cannot_be_enclosed(places: dict[str, Any], fault: str) -> None:
    found = plan.fault(around(**places), (TREE,))
    assert (fault in found) if fault else found == ""


names = st.text(alphabet="ab .*[é-", min_size=1, max_size=3).filter(lambda name: name.strip(".") != "")
paths = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(st.lists(paths, max_size=4), st.lists(paths, max_size=4), st.lists(paths, max_size=4), paths)
def test_the_innermost_counts(read: list[str], write: list[str], hide: list[str], path: str) -> None:
    """Of all that is said of a path and of what it lies in, the nearest decides; of equals what hides, then what writes."""
    places = Surroundings(home=HOME, read=at(*read), write=at(*write), hide=at(*hide))
    found = seen(plan.mounts(places), path)[0]
    said = [
        (one.count("/"), rank, kind)
        for rank, (kind, ones) in enumerate(((READ, read), (WRITE, write), (HIDE, hide)))
        for one in ones
        if plan.below(path, one)
    ]
    shown = [*read, *write]
    said = [
        one for one in said if one[2] != HIDE or any(plan.below(hid, show) for hid in hide for show in shown)
    ]
    reachable = [(depth, rank, kind) for depth, rank, kind in said if kind != HIDE]
    if not reachable:
        assert found in ("nothing", HIDE)
    else:
        nearest = max(reachable)
        hiding = [
            hid.count("/")
            for hid in hide
            if plan.below(path, hid) and any(plan.below(hid, show) for show in shown)
        ]
        assert found == (HIDE if hiding and max(hiding) >= nearest[0] else nearest[2])


@given(st.lists(paths, max_size=5), paths)
def test_the_arguments_hold_each_path_once_and_whole(write: list[str], directory: str) -> None:
    """No path is taken for a flag, whatever is in its name, and what is to be started comes behind `--`."""
    mounts = plan.mounts(Surroundings(home=HOME, write=at(*write)))
    argv = bubblewrap.prefix("/usr/bin/bwrap", mounts, [("/bin", "usr/bin")], directory, ("/python",))
    assert argv[-2:] == ("--", "/python")
    binds = [argv[number + 1 : number + 3] for number, word in enumerate(argv) if word == "--bind"]
    assert binds == [(mount.source, mount.path) for mount in mounts]
    for flag in ("--unshare-user", "--unshare-pid", "--unshare-net", "--die-with-parent", "--new-session"):
        assert flag in argv
    assert argv[argv.index("--cap-drop") + 1] == "ALL"
    assert argv[argv.index("--chdir") + 1] == directory


def test_the_profile_of_macos() -> None:
    """The last rule that fits counts, so the inner ones come last; a quote in a path ends no string."""
    mounts = (
        Mount(READ, "/r", "/r"),
        Mount(WRITE, '/w "x"', '/w "x"'),
        Mount(HIDE, "/w/.env", "", folder=False),
    )
    text = seatbelt.profile(mounts, port=8080, loopback=False)
    lines = text.splitlines()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    assert '(allow file-read* file-write* (subpath "/w \\"x\\""))' in lines
    assert lines.index('(deny file-read* file-write* (literal "/w/.env"))') > lines.index(
        '(allow file-read* (subpath "/r"))'
    )
    assert lines[-2:] == ["(deny network*)", '(allow network-outbound (remote ip "localhost:8080"))']
    assert text.count("(") == text.count(")")
    assert seatbelt.profile((), port=None, loopback=False).splitlines()[-1] == "(deny network*)"
    assert "localhost:*" in seatbelt.profile((), port=None, loopback=True)


REMEDIES = [
    ("bwrap: setting up uid map: Permission denied", Kernel(apparmor_restricts="1"), "bwrap-userns-restrict"),
    (
        "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
        Kernel(apparmor_restricts="1"),
        "AppArmor",
    ),
    (
        "bwrap: No permissions to create new namespace, likely because ...",
        Kernel(unprivileged_clone="0"),
        "unprivileged_userns_clone=1",
    ),
    (
        "bwrap: Creating new namespace failed: No space left on device",
        Kernel(most_namespaces="0"),
        "max_user_namespaces=15000",
    ),
    (
        "bwrap: Can't mount proc on /newroot/proc: Operation not permitted",
        Kernel(container="docker"),
        "seccomp=unconfined",
    ),
    ("bwrap: Unknown option --unshare-cgroup-try", Kernel(), "too old"),
    ("bwrap: execvp /x: No such file or directory", Kernel(apparmor_restricts="1"), "Try it by hand"),
    ("", Kernel(), "Try it by hand"),
]


@pytest.mark.parametrize(("stderr", "kernel", "expected"), REMEDIES)
def test_the_remedy_is_exact(stderr: str, kernel: Kernel, expected: str) -> None:
    fault = remedy.of_failure(stderr, kernel, 1)
    assert expected in f"{fault.message} {fault.remedy}"


def test_a_probe_that_holds_and_those_that_do_not() -> None:
    holds = {name: wanted for name, (wanted, _) in remedy.TRIED.items()}
    assert remedy.of_probe(holds) == ""
    for name, wanted in holds.items():
        assert remedy.of_probe({**holds, name: not wanted}) == remedy.TRIED[name][1]
    bad: list[Any] = [None, [], {}, "yes", dict.fromkeys(holds, 1)]
    for answer in bad:
        assert remedy.of_probe(answer)
