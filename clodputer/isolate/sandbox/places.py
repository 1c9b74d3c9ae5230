"""The places around a run as they really are: what its sandbox shows, what may be changed, and what is kept from it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import clodputer
from clodputer.isolate import sandbox
from clodputer.isolate.sandbox import leftovers
from clodputer.isolate.sandbox.guarded import git, place, settings_of_agents, there, within
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.certificates import CERTIFICATES
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.model.isolate.sandbox.plan import Place, Surroundings, below
from clodputer.store.files.tilde import expand
from clodputer.store.folder import entries
from clodputer.store.outgoing import intentplace

# Of the system: programs and libraries, and of its settings those that programs need to start, to name people and hosts, and to
# trust servers. Nothing else of /etc, where keys and passwords of services are.
FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store")
SETTINGS = (
    "alternatives",
    "bash.bashrc",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "fonts",
    "gitconfig",
    "group",
    "host.conf",
    "hosts",
    "inputrc",
    "java-17-openjdk",
    "java-21-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "magic",
    "manpath.config",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pki/ca-trust",
    "pki/tls/certs",
    "profile",
    "profile.d",
    "protocols",
    "python3",
    "resolv.conf",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
)


class Asked(NamedTuple):
    """What a sandbox is wanted for. All paths are absolute.

    rule: of the task. box: the folder of the sandbox. home: of Clodputer. tree: the worktree of the run, if it has one.
    readable: files and folders that the agent reads. config: the folder of claude and its file of state, when it is
    claude that runs. session: what claude calls its session; resumed: it goes on with it. settings: the person's own count.
    reaches: the hosts without which the agent cannot work.
    """

    rule: Sandbox
    argv: tuple[str, ...]
    env: Mapping[str, str]
    working_directory: str
    temporary: str
    box: str
    home: str
    tree: str = ""
    readable: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    session: str = ""
    resumed: bool = False
    settings: bool = True
    reaches: tuple[str, ...] = ()

    @property
    def reached(self) -> tuple[str, ...]:
        """The patterns of all hosts that may be reached; there is a proxy when there are any."""
        return (*self.rule.hosts, *self.reaches)


class Guarded(NamedTuple):
    """made: folders that are to be made, so that nothing else can be in their place. absent: what must not come.

    before: what was there of git's own files.
    """

    surroundings: Surroundings
    made: tuple[str, ...]
    absent: tuple[str, ...]
    before: Mapping[str, Any]


def look(asked: Asked) -> Guarded:
    """Everything that the plan of this sandbox is made from. Raises ClodputerError, OSError."""
    env, rule = asked.env, asked.rule
    home = place(env["HOME"]) or Place(env["HOME"], env["HOME"])
    work = asked.tree or asked.working_directory
    given = list(_inside(_named(rule.write, asked), work))
    lock, made, absent = settings_of_agents(work, given)
    write, more_locked, more_absent, read = git(work)
    skip = [os.path.realpath(os.path.join(asked.working_directory, expand(text, env))) for text in rule.write]
    inner = within(work, skip)
    write += there(inner.folders)
    folders = [one.real for one in write]
    before = leftovers.before(os.path.realpath(work), folders, inner.heads, skip)
    system = [found for path in (*FOLDERS, *(f"/etc/{name}" for name in SETTINGS)) if (found := place(path))]
    links = tuple((path, os.readlink(path)) for path in FOLDERS if os.path.islink(path))
    readable = [
        *read,
        *_inside(_named(rule.read, asked), work),
        *there(
            path
            for path in (*_programs(asked.argv, env), *_ours(asked), *asked.readable)
            if not _leads_out(path, work) or (os.path.isfile(path) and os.access(path, os.X_OK))
        ),
        *there(env[name] for name in CERTIFICATES if env.get(name)),
    ]
    box = asked.box
    private = [
        (home.path, f"{box}/{sandbox.HOME}"),
        ("/tmp", f"{box}/{sandbox.TMP}"),  # noqa: S108
        ("/var/tmp", f"{box}/{sandbox.VAR}"),  # noqa: S108
        (asked.temporary, asked.temporary),
    ]
    hidden = [asked.home]
    if asked.config:
        private.append((asked.config[0], f"{box}/{sandbox.CONFIG}"))
    around = Surroundings(
        home=home,
        system=tuple(one for one in system if one.path not in dict(links)),
        links=links,
        private=tuple(private),
        write=(*there((work,)), *write),
        given=tuple(given),
        read=tuple(readable),
        hide=tuple(_named(rule.read_deny, asked)),
        lock=(*lock, *more_locked, *inner.lock),
        hidden=tuple(there(hidden)),
    )
    return Guarded(around, tuple(made), (*absent, *more_absent, *inner.absent), before)


def _named(paths: Iterable[str], asked: Asked) -> Iterator[Place]:
    """What the task names. What does not exist is left out inside the working directory, and else a mistake."""
    for text in paths:
        path = os.path.join(asked.working_directory, expand(text, asked.env))
        found = place(path)
        if found:
            yield found
        elif not below(os.path.normpath(path), asked.working_directory):
            raise ClodputerError(
                "not_started", f"sandbox names {path}, which does not exist", "Make it, or correct the task."
            )


def _inside(named: Iterable[Place], work: str) -> Iterator[Place]:
    """The same, unless one in the folder of the run leads out of it: an earlier run may have made such a link."""
    for one in named:
        if _leads_out(one.path, work):
            raise ClodputerError(
                "not_started",
                f"sandbox names {one.path}, which leads out of the folder of the run, to {one.real}",
                "Name what it leads to, if you have made that link yourself.",
            )
        yield one


def _leads_out(path: str, work: str) -> bool:
    path = os.path.normpath(path)
    return (below(path, work) or below(path, os.path.realpath(work))) and not below(
        os.path.realpath(path), os.path.realpath(work)
    )


def _programs(argv: Iterable[str], env: Mapping[str, str]) -> Iterator[str]:
    """The program that is started, with what it is installed with."""
    program = next(iter(argv), "")
    real = os.path.realpath(program)
    yield from (program, real)
    head, inside, tail = real.rpartition("/node_modules/")
    if inside:
        parts = tail.split("/")
        yield f"{head}{inside}{'/'.join(parts[: 2 if tail.startswith('@') else 1])}"
    try:
        with open(real, "rb") as file:
            first = file.read(256).split(b"\n")[0].decode("utf-8", "replace")
    except OSError:
        return
    if not first.startswith("#!"):
        return
    words = first[2:].split()
    name = words[1] if len(words) > 1 and os.path.basename(words[0]) == "env" else (words or [""])[0]
    for folder in ("", *env.get("PATH", "").split(os.pathsep)):
        candidate = os.path.join(folder, name)
        if os.path.isabs(candidate) and os.access(candidate, os.X_OK):
            found = os.path.realpath(candidate)
            yield candidate
            yield from _library(found, env["HOME"])
            return


def _library(interpreter: str, home: str) -> Iterator[str]:
    """An interpreter with its library: it is installed in a folder with `bin`."""
    prefix, binary = os.path.split(os.path.dirname(interpreter))
    if binary != "bin" or prefix.count("/") < 2:
        yield interpreter
    elif prefix in (os.path.realpath(home), os.path.realpath(f"{home}/.local")):
        # Beside other programs and what they keep, keyrings among it: of the library what has its name.
        yield interpreter
        name = os.path.basename(interpreter).rstrip("0123456789.-")
        for found in entries(f"{prefix}/lib"):
            if name and found.startswith((name, f"lib{name}")):
                yield f"{prefix}/lib/{found}"
    else:
        yield prefix


def _ours(asked: Asked) -> Iterator[str]:
    """What of Clodputer is needed inside: its Python for the port of the proxy, and all of it for `clodputer intend`."""
    if asked.reached or intentplace.VARIABLE in asked.env:
        yield from pythons()
    if intentplace.VARIABLE in asked.env:
        yield sys.prefix
        yield os.path.dirname(os.path.abspath(clodputer.__file__))


def pythons() -> Iterator[str]:
    """Our own Python."""
    yield os.path.realpath(sys.executable)
    yield sys.base_prefix
