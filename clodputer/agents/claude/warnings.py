"""What a task file may say and Claude can do nothing with here: unknown tools and models, configurations that are not there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

from clodputer.agents.claude import tools
from clodputer.agents.lines import mapping
from clodputer.model.run import Facts
from clodputer.model.task import Task
from clodputer.model.text.suggest import did_you_mean
from clodputer.store.files import plainfile

ALIASES = ("sonnet", "opus", "haiku", "fable", "best", "default", "opusplan")
# In bytes.
LARGEST_CONFIG = 1024 * 1024


class _Servers(NamedTuple):
    names: frozenset[str] = frozenset()
    trouble: str = ""


def warnings(task: Task, facts: Facts) -> Iterator[tuple[str, str]]:  # noqa: ARG001  (the protocol's)
    """Each with the key that it is about; the task's templates are filled in."""
    claude = task.claude
    for key, rules in (
        ("allowed_tools", claude.allowed_tools),
        ("disallowed_tools", claude.disallowed_tools),
    ):
        yield from ((key, message) for message in map(tools.unknown, rules) if message)
    for key, models in (("model", (claude.model,)), ("fallback_model", claude.fallback_model)):
        yield from ((key, message) for message in map(_model, models) if message)
    for folder in claude.add_dirs:
        path = os.path.join(task.working_directory, folder)
        if not os.path.isdir(path):
            yield "add_dirs", f"there is no folder {path}"
    found = [_servers(task, config) for config in claude.mcp_config]
    yield from (("mcp_config", one.trouble) for one in found if one.trouble)
    if found and not any(one.trouble for one in found):
        names = frozenset[str]().union(*(one.names for one in found))
        for server in claude.requires_mcp:
            if server not in names:
                meant = did_you_mean(server, names)
                yield (
                    "requires_mcp",
                    f"mcp_config names no server {server}{meant}, and Claude starts no others",
                )


def _model(name: str) -> str:
    """What is odd about a model's name; full names have digits or signs in them."""
    plain = name.replace("[1m]", "")
    if not plain.isalpha() or plain.lower() in ALIASES:
        return ""
    return f"Claude has no model {name} that we know of{did_you_mean(plain, ALIASES)}"


def _servers(task: Task, config: str) -> _Servers:
    """The names of the servers in a configuration, a file's or a text's, or what is wrong with it."""
    text: Optional[str] = config
    where = "the text"
    if not config.lstrip().startswith("{"):
        where = os.path.join(task.working_directory, config)
        try:
            text = plainfile.read(where, LARGEST_CONFIG).content.decode("utf-8", "replace")
        except OSError as error:
            return _Servers(trouble=f"{where} cannot be read: {error.strerror}")
        except ValueError as error:
            return _Servers(trouble=f"{where} cannot be read: {error}")
    try:
        content: Any = json.loads(text or "")
    except (ValueError, RecursionError) as error:
        return _Servers(trouble=f"{where} is not JSON: {error}")
    servers = mapping(mapping(content).get("mcpServers"))
    if not servers and not isinstance(mapping(content).get("mcpServers"), dict):
        return _Servers(trouble=f"{where} has no mapping mcpServers")
    return _Servers(frozenset(map(str, servers)))
