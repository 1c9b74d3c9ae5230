"""Claude in a sandbox: what it needs inside a strict one, and the flag that sets up, or turns off, its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from json import dumps
from urllib.parse import urlsplit

from clodputer.agents.needs import Needs
from clodputer.model.isolate.sandbox.keys import CLAUDE
from clodputer.model.run import Launch
from clodputer.model.task import Task

API = "api.anthropic.com"
# Where a subscription's login is renewed.
LOGIN = ("platform.claude.com", "console.anthropic.com")
# Variables that name another API, and those by which a key of the API is used in place of a subscription.
URLS = (
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_VERTEX_BASE_URL",
    "ANTHROPIC_FOUNDRY_BASE_URL",
)
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
_PORTS = {"http": 80, "https": 443}


def needs(task: Task, launch: Launch) -> Needs:
    """What claude cannot work without."""
    env = launch.env
    config = env.get("CLAUDE_CONFIG_DIR") or os.path.join(env["HOME"], ".claude")
    state = os.path.join(config if env.get("CLAUDE_CONFIG_DIR") else env["HOME"], ".claude.json")
    sources = task.claude.settings_sources
    work = launch.working_directory
    files = (text for text in task.claude.mcp_config if not text.lstrip().startswith("{"))
    return Needs(
        readable=tuple(os.path.join(work, path) for path in (*task.claude.add_dirs, *files)),
        config=(config, state),
        settings=sources is None or "user" in sources,
        reaches=reaches(launch),
        # Otherwise it refuses root to do everything without asking; in here root has no rights.
        env={"IS_SANDBOX": "1"},
    )


def reaches(launch: Launch) -> tuple[str, ...]:
    """The hosts of its API, with their ports."""
    env = launch.env
    found = [place for name in URLS if (place := _place(env.get(name, "")))]
    if not env.get("ANTHROPIC_BASE_URL"):
        found.append(API)
        found += [] if any(env.get(name) for name in KEYS) else LOGIN
    return tuple(dict.fromkeys(found))


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return ""
    if not parts.hostname or port is None:
        return ""
    return f"[{parts.hostname}]:{port}" if ":" in parts.hostname else f"{parts.hostname}:{port}"


def own_sandbox(task: Task) -> Iterator[tuple[str, str]]:
    """The settings by which its own sandbox holds or it does not start; in a strict one its own would only be in the way."""
    if task.sandbox.level == CLAUDE:
        own = {
            "enabled": True,
            "failIfUnavailable": True,
            "autoAllowBashIfSandboxed": True,
            "allowUnsandboxedCommands": False,
        }
        yield "--settings", dumps({"sandbox": own})
    elif task.sandbox.strict:
        yield "--settings", dumps({"sandbox": {"enabled": False}})
