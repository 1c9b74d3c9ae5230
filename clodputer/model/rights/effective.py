"""What a task's runs really have, as a trial found it: rights, login, servers, places; and what got weaker since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

# So many differences are told; whoever lost forty tools knows enough after ten.
MOST_TOLD = 10
CONNECTED = "connected"


class Effective(NamedTuple):
    """What a trial found. version: of claude. mode: the permission mode. login: where claude's login came from.

    servers: the state of each MCP server. writable: of the places that were looked at those that can be written to; hosts: of
    the hosts those that can be reached; None for what was not looked at.
    """

    version: str
    mode: str
    model: str
    login: str
    tools: tuple[str, ...]
    servers: Mapping[str, str]
    writable: Optional[tuple[str, ...]] = None
    hosts: Optional[tuple[str, ...]] = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            **self._asdict(),
            "tools": list(self.tools),
            "servers": dict(self.servers),
            "writable": None if self.writable is None else list(self.writable),
            "hosts": None if self.hosts is None else list(self.hosts),
        }


def from_json(fields: Any) -> Effective:
    """What `to_json` wrote. Raises ValueError for anything else."""
    try:
        return Effective(
            version=str(fields["version"]),
            mode=str(fields["mode"]),
            model=str(fields["model"]),
            login=str(fields["login"]),
            tools=_texts(fields["tools"]),
            servers={str(name): str(state) for name, state in fields["servers"].items()},
            writable=None if fields["writable"] is None else _texts(fields["writable"]),
            hosts=None if fields["hosts"] is None else _texts(fields["hosts"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it does not hold the result of a trial ({type(error).__name__})") from None


def of_record(record: Mapping[str, Any], found: Optional[Mapping[str, Any]]) -> Optional[Effective]:
    """What the record of a trial's run says, and what a look at places `found` beside it; None when claude said nothing."""
    said = record.get("in_effect")
    version = record.get("agent_version")
    if not isinstance(said, dict) or not isinstance(version, str) or not version:
        return None
    servers = record.get("mcp_servers")
    states = [server for server in servers if isinstance(server, dict)] if isinstance(servers, list) else []
    return Effective(
        version,
        str(said.get("permission_mode", "")),
        str(said.get("model", "")),
        str(said.get("login", "")),
        _texts(said.get("tools") or ()),
        {str(server.get("name", "")): str(server.get("status", "")) for server in states},
        None if found is None else _texts(found.get("writable") or ()),
        None if found is None else _texts(found.get("hosts") or ()),
    )


def weaker(before: Effective, now: Effective) -> list[str]:
    """What is missing now, or holds less well, each as a clause.

    A tool or a server that came is nothing to wait for. A place that can be written to and could not, and a host that can be
    reached and could not, are: what was to keep the agent in does so no longer.
    """
    found = []
    if _mode(before.mode) != _mode(now.mode):
        found.append(f"permission_mode is {now.mode or 'not said'}, and was {before.mode or 'not said'}")
    if before.login != now.login:
        found.append(
            f"the login comes from {now.login or 'nowhere'}, and came from {before.login or 'nowhere'}"
        )
    found += _gone("it has no tool {}", before.tools, now.tools)
    for name, state in sorted(before.servers.items()):
        later = now.servers.get(name, "not configured")
        if state == CONNECTED and later != CONNECTED:
            found.append(f"the MCP server {name} is {later}")
    if before.writable is not None and now.writable is not None:
        found += _gone("it cannot write to {}", before.writable, now.writable)
        found += _gone("it can write to {}, and could not", now.writable, before.writable)
    if before.hosts is not None and now.hosts is not None:
        found += _gone("it cannot reach {}", before.hosts, now.hosts)
        found += _gone("it can reach {}, and could not", now.hosts, before.hosts)
    return found


def words(differences: Sequence[str]) -> str:
    """The differences as one text."""
    more = len(differences) - MOST_TOLD
    return "; ".join([*differences[:MOST_TOLD], *([f"and {more} more"] if more > 0 else [])])


def _gone(clause: str, before: Sequence[str], now: Sequence[str]) -> list[str]:
    return [clause.format(name) for name in before if name not in now]


def _mode(mode: str) -> str:
    # 2.1.329 calls the default mode `manual`.
    return "default" if mode in ("", "manual") else mode


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, (list, tuple)) else ()
