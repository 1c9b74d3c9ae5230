"""The places around a run as they really are: what its sandbox shows, what may be changed, and what is kept from it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Optional

import clodputer
from clodputer.isolate import sandbox
from clodputer.model.certificates import CERTIFICATES
from clodputer.model.errors import ClodputerError
from clodputer.model.sandbox.keys import Sandbox
from clodputer.model.sandbox.plan import Place, Surroundings, below
from clodputer.store import intentplace
from clodputer.store.tilde import expand

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

# The settings of other agents than Claude Code in a folder.
OF_OTHERS = (".codex", ".gemini", ".opencode", "opencode.json", "opencode.jsonc")


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
    """made: folders that are to be made, so that nothing else can be in their place. absent: what must not come."""

    surroundings: Surroundings
    made: tuple[str, ...]
    absent: tuple[str, ...]


def look(asked: Asked) -> Guarded:
    """Everything that the plan of this sandbox is made from. Raises ClodputerError, OSError."""
    env, rule = asked.env, asked.rule
    home = place(env["HOME"]) or Place(env["HOME"], env["HOME"])
    work = asked.tree or asked.working_directory
    given = list(_named(rule.write, asked))
    lock, made, absent = _settings_of_agents(work, given)
    write, more_locked, more_absent, read = _git(work)
    system = [found for path in (*FOLDERS, *(f"/etc/{name}" for name in SETTINGS)) if (found := place(path))]
    links = tuple((path, os.readlink(path)) for path in FOLDERS if os.path.islink(path))
    readable = [
        *read,
        *_named(rule.read, asked),
        *_there((*_programs(asked.argv, env), *_ours(asked), *asked.readable)),
        *_there(env[name] for name in CERTIFICATES if env.get(name)),
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
        write=(*_there((work,)), *write),
        given=tuple(given),
        read=tuple(readable),
        hide=tuple(_named(rule.read_deny, asked)),
        lock=(*lock, *more_locked),
        hidden=tuple(_there(hidden)),
    )
    return Guarded(around, tuple(made), (*absent, *more_absent))


def place(path: str) -> Optional[Place]:
    """A path as it is; None when nothing is there."""
    path = os.path.normpath(path)
    return Place(path, os.path.realpath(path), os.path.isdir(path)) if os.path.exists(path) else None


def _there(paths: Iterable[str]) -> Iterator[Place]:
    return (found for path in paths if (found := place(path)))


def _named(paths: Iterable[str], asked: Asked) -> Iterator[Place]:
    """What the task names. What does not exist is left out inside of the working directory, and else a mistake."""
    for text in paths:
        path = os.path.join(asked.working_directory, expand(text, asked.env))
        found = place(path)
        if found:
            yield found
        elif not below(os.path.normpath(path), asked.working_directory):
            raise ClodputerError(
                "not_started", f"sandbox names {path}, which is not there", "Make it, or correct the task."
            )


def _settings_of_agents(work: str, given: list[Place]) -> tuple[list[Place], list[str], list[str]]:
    """The settings of agents in a folder, with hooks and servers that they start without a sandbox another time."""
    free = {one.path for one in given}
    lock: list[Place] = []
    made: list[str] = []
    absent: list[str] = []
    folder, servers = f"{work}/.claude", f"{work}/.mcp.json"
    if folder not in free and os.path.isdir(work):
        if not os.path.lexists(folder):
            made.append(folder)
        lock.append(Place(folder, os.path.realpath(folder)))
    if servers not in free:
        lock += _there((servers,))
        absent += [] if os.path.lexists(servers) else [servers]
    for other in (f"{work}/{name}" for name in OF_OTHERS):
        if other not in free:
            lock += _there((other,))
            absent += [] if os.path.lexists(other) else [other]
    return lock, made, absent


def _git(work: str) -> tuple[list[Place], list[Place], list[str], list[Place]]:
    """Of the repository that a folder lies in: what a commit writes, what starts programs outside, and what must not come.

    And the files of the repository, when the folder is not the whole of it.
    """
    top = os.path.realpath(work)
    while not os.path.lexists(f"{top}/.git"):
        if top == "/":
            return [], [], [], []
        top = os.path.dirname(top)
    entry = f"{top}/.git"
    own = _pointed(entry) if os.path.isfile(entry) else entry
    common = os.path.normpath(os.path.join(own, _line(f"{own}/commondir"))) if own != entry else own
    if not os.path.isdir(common):
        return [], [], [], []
    for name in ("hooks", "info"):
        os.makedirs(f"{common}/{name}", exist_ok=True)
    write, lock = [common], [f"{common}/{name}" for name in ("config", "hooks", "info", "modules")]
    absent = [f"{common}/commondir", f"{common}/config.worktree", f"{common}/modules"]
    trees = f"{common}/worktrees"
    if os.path.isdir(trees):
        # Each is put in its own place, so that it cannot be moved away.
        write += [trees] if below(own, trees) else []
        lock += [trees] if not below(own, trees) else []
        lock += [f"{trees}/{name}" for name in os.listdir(trees) if f"{trees}/{name}" != own]
    if own != common:
        write.append(own)
        lock += [entry, *(f"{own}/{name}" for name in ("commondir", "gitdir", "config.worktree"))]
        absent.append(f"{own}/config.worktree")
    missing = [path for path in absent if not os.path.lexists(path)]
    read = [] if top == os.path.realpath(work) else [top]
    return list(_there(write)), list(_there(lock)), missing, list(_there(read))


def _pointed(entry: str) -> str:
    """The folder that the file `.git` of a worktree or a submodule names."""
    line = _line(entry)
    path = line[len("gitdir: ") :] if line.startswith("gitdir: ") else ""
    return os.path.normpath(os.path.join(os.path.dirname(entry), path))


def _line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(4096).strip()
    except OSError:
        return "."


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
            # An interpreter brings its library along: it is installed in a folder with `bin`.
            prefix, binary = os.path.split(os.path.dirname(found))
            yield prefix if binary == "bin" and prefix.count("/") > 1 else found
            return


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
