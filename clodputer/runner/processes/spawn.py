"""Spawn: start an agent in a session of its own, with files for its streams and nothing else of ours."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from fcntl import F_DUPFD_CLOEXEC, fcntl
from typing import NamedTuple

from clodputer.model.run import Launch
from clodputer.runner.processes import refusal

# A child inherits which signals are ignored: Python ignores SIGPIPE and SIGXFSZ, cron jobs and `nohup` others. The agent gets
# all of these with their defaults.
DEFAULTS = (
    *(
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGPIPE,
        signal.SIGALRM,
        signal.SIGXFSZ,
    ),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
)

MOST_DESCRIPTORS = 4096


class _Start(NamedTuple):
    argv: tuple[str, ...]
    env: Mapping[str, str]
    stdin: int
    stdout: int
    stderr: int


def spawn(launch: Launch, stdin_fd: int, stdout_path: str, stderr_path: str, by_fork: bool = False) -> int:
    """Start it, reading the regular file `stdin_fd` and writing to two files, which may exist; its pid.

    It leads a session of its own, has default signal handling and no other descriptor. argv[0] is absolute, or relative
    to the working directory. by_fork: by fork and exec, as is done anyway where posix_spawn cannot begin a session.
    Raises ClodputerError "not_started"; OSError when the output files cannot be made.
    """
    keep_descriptors_private()
    opened: list[int] = []
    try:
        # Appending: after we have cut an overlong file, its writer goes on at the cut and leaves no hole.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        opened += [os.open(path, flags, 0o600) for path in (stdout_path, stderr_path)]
        # Above 2, should our own have been closed: else putting one in place would overwrite another.
        opened += [fcntl(descriptor, F_DUPFD_CLOEXEC, 3) for descriptor in (stdin_fd, *opened)]
        start = _Start((*launch.prefix, *launch.argv), launch.env, *opened[2:])
        return _in_directory(launch.working_directory, start, by_fork)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _in_directory(directory: str, start: _Start, by_fork: bool) -> int:
    """posix_spawn takes no working directory, so we go there and back; nobody else is in this process to notice."""
    try:
        before = os.open(".", getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC)
    except OSError:
        before = -1
    try:
        try:
            os.chdir(directory)
        except OSError as error:
            raise refusal.of_directory(directory, error) from None
        try:
            return _fork(start) if by_fork else _posix_spawn(start)
        except OSError as error:
            raise refusal.of_program(start.argv[0], error) from None
        except ValueError as error:  # a NUL in an argument, a = in a variable's name
            raise refusal.of_arguments(start.argv[0], error) from None
    finally:
        if before >= 0:
            os.fchdir(before)
            os.close(before)
        else:
            os.chdir("/")


def _posix_spawn(start: _Start) -> int:
    actions = [(os.POSIX_SPAWN_DUP2, old, new) for new, old in enumerate(start[2:])]
    try:
        return os.posix_spawn(
            start.argv[0],
            start.argv,
            start.env,
            file_actions=actions,
            setsid=True,
            setsigmask=(),
            setsigdef=DEFAULTS,
        )
    except NotImplementedError:
        # Pythons built against a macOS SDK before 10.15 do not know POSIX_SPAWN_SETSID.
        return _fork(start)


def _fork(start: _Start) -> int:
    reader, writer = os.pipe()  # closed by a successful exec, else it tells us why there was none
    pid = os.fork()
    if pid == 0:
        failure = b"0"
        try:
            signal.set_wakeup_fd(-1)
            os.setsid()
            for number in DEFAULTS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            for new, old in enumerate(start[2:]):
                os.dup2(old, new)
            os.execve(start.argv[0], start.argv, start.env)  # noqa: S606  (an argument list)
        except OSError as error:
            failure = str(error.errno).encode()
        finally:
            os.write(writer, failure)
            os._exit(127)
    os.close(writer)
    try:
        failure = os.read(reader, 16)
    finally:
        os.close(reader)
    if not failure:
        return pid
    os.waitpid(pid, 0)
    if failure == b"0":
        raise ValueError("an argument or a variable that cannot be passed on")
    raise OSError(int(failure), os.strerror(int(failure)))


def keep_descriptors_private() -> None:
    """See to it that no program we start gets a descriptor above 2, such as those a scheduler forgot to close."""
    try:
        descriptors = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        descriptors = list(range(MOST_DESCRIPTORS))
    for descriptor in descriptors:
        if descriptor > 2:
            try:
                os.set_inheritable(descriptor, False)
            except OSError:
                pass
