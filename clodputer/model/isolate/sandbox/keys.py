"""The sandbox of a task: its value, and its keys as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.config.keys import CHOICE, NEVER, PART, TEXTS, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.isolate.sandbox.hosts import pattern_fault

OFF, CLAUDE, STRICT = "off", "claude", "strict"
LEVELS = (OFF, CLAUDE, STRICT)
NONE, LOOPBACK, HOSTS = "none", "loopback", "hosts"


class Sandbox(NamedTuple):
    """The task's part `sandbox`. mode: empty where the file does not say; `level` is what holds.

    network: with `mode` (NONE or LOOPBACK) or with `hosts`, a list of patterns.
    """

    mode: str = ""
    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    read_deny: tuple[str, ...] = ()
    network: Mapping[str, Any] = {}

    @property
    def level(self) -> str:
        """OFF, CLAUDE or STRICT; a mapping without a mode means STRICT."""
        return self.mode or (STRICT if self != Sandbox() else OFF)

    @property
    def strict(self) -> bool:
        """Whether the whole process of a run is enclosed."""
        return self.level == STRICT

    @property
    def hosts(self) -> tuple[str, ...]:
        """The patterns of hosts that a run may reach, beside what its agent cannot work without."""
        return tuple(self.network.get("hosts") or ())

    @property
    def network_words(self) -> str:
        """The network as one text: `none`, `loopback`, or the hosts."""
        return ", ".join(self.hosts) or str(self.network.get("mode") or NONE)


def _whole(value: Mapping[str, Any]) -> None:
    given = [key for key in ("write", "read", "read_deny", "network") if value.get(key)]
    if not value.get("mode") and not given:
        raise Expected("off, claude or strict, or a mapping such as {network: none}")
    if value.get("mode") in (OFF, CLAUDE) and given:
        raise Expected("mode: strict", f"; {given[0]} has no effect with mode: {value['mode']}")


def _either(value: Mapping[str, Any]) -> None:
    if bool(value.get("mode")) == bool(value.get("hosts")):
        raise Expected('none or loopback, or a mapping such as {hosts: ["*.github.com"]}')


def _path(text: str) -> str:
    if not text.startswith(("/", "~/", "./")) or "\0" in text:
        raise Expected("a path that begins with / or ~/, or with ./ for one in the working directory")
    return text


def _host(text: str) -> str:
    fault = pattern_fault(text)
    if fault:
        raise Expected('a host such as github.com, "*.github.com" or localhost:8080', f"; {fault}")
    return text


KEYS: tuple[Key, ...] = (
    Key(
        "sandbox",
        PART,
        {},
        "What encloses a run; see [Sandbox](sandbox.md). `sandbox: strict` is short for `sandbox: {mode: strict}`.",
        keys=(
            Key(
                "mode",
                CHOICE,
                "",
                "`strict`: a run sees the system read-only, an empty home folder, its working directory, and no network "
                "but what it needs. `claude`: Claude Code's own sandbox around its shell commands. `off`: nothing.",
                choices=LEVELS,
                absent="`strict` in a mapping, else `off`",
                env=NEVER,
                example=STRICT,
            ),
            Key(
                "write",
                TEXTS,
                (),
                "Files and folders that a run may change, beside its working directory and its temporary folder.",
                smallest=1,
                check=_path,
                takes="path, or list of paths",
                env=NEVER,
                example=["~/.cache/pip"],
            ),
            Key(
                "read",
                TEXTS,
                (),
                "Files and folders that a run may read, beside the system's programs and what it may change.",
                smallest=1,
                check=_path,
                takes="path, or list of paths",
                env=NEVER,
                example=["~/.nvm"],
            ),
            Key(
                "read_deny",
                TEXTS,
                (),
                "Files and folders inside those that are hidden from it all the same.",
                smallest=1,
                check=_path,
                takes="path, or list of paths",
                env=NEVER,
                example=["./.env"],
            ),
            Key(
                "network",
                PART,
                {},
                "What a run may reach, beside the API that claude itself needs.",
                keys=(
                    Key(
                        "mode",
                        CHOICE,
                        "",
                        "`none`: nothing. `loopback`: the run's own servers at 127.0.0.1, for its own programs.",
                        choices=(NONE, LOOPBACK),
                        absent="`none`",
                        env=NEVER,
                        example=NONE,
                    ),
                    Key(
                        "hosts",
                        TEXTS,
                        (),
                        "The hosts that a proxy lets it reach, by HTTP and HTTPS: a name, or `*.` and a name for all below it; "
                        "with `:PORT` for another port than 80 and 443.",
                        smallest=1,
                        check=_host,
                        takes="host, or list of hosts",
                        env=NEVER,
                        example=["*.github.com", "pypi.org"],
                    ),
                ),
                check=_either,
                short="mode",
                absent="`none`",
                env=NEVER,
                example={"hosts": ["*.github.com", "pypi.org"]},
            ),
        ),
        check=_whole,
        short="mode",
        absent="`off`",
        env=NEVER,
        example={"mode": STRICT},
    ),
)
