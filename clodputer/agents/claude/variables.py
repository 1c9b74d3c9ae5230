"""What `claude` has in its environment beside what every agent has: credentials, and settings for unattended runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from clodputer.model.run import TIMEOUT, Facts
from clodputer.model.task import Task
from clodputer.store.program.templates import folder

# Each says by itself which account pays.
LOGINS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")

OTHERS = (
    "CLAUDE_CONFIG_DIR",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    # client certificates towards a gateway
    "CLAUDE_CODE_CERT_STORE",
    "CLAUDE_CODE_CLIENT_CERT",
    "CLAUDE_CODE_CLIENT_KEY",
    "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE",
)

# Clouds that serve the models: their variables go along only when the cloud is switched on, for an AWS key in the
# environment is mostly there for something else.
CLOUDS: Mapping[str, tuple[str, ...]] = {
    "CLAUDE_CODE_USE_BEDROCK": ("AWS_", "ANTHROPIC_BEDROCK_", "CLAUDE_CODE_SKIP_BEDROCK_AUTH"),
    "CLAUDE_CODE_USE_VERTEX": (
        "GOOGLE_",
        "GCLOUD_",
        "CLOUDSDK_",
        "CLOUD_ML_REGION",
        "VERTEX_REGION_",
        "ANTHROPIC_VERTEX_",
        "CLAUDE_CODE_SKIP_VERTEX_AUTH",
    ),
    "CLAUDE_CODE_USE_FOUNDRY": ("AZURE_", "ANTHROPIC_FOUNDRY_", "CLAUDE_CODE_SKIP_FOUNDRY_AUTH"),
}

# Retries after the first request; the waits before them grow 0.6, 1.1, 2, 4.3, 9, 17, then 35 s each (2.1.329).
# Four outlast a blip of eight seconds; what lasts longer is left to the attempts of the request, for which nothing stays
# started. The ten of its own keep even a refused key, which it retries too, for 3 minutes.
RETRIES = 4

MINUTE = 60.0


def credentials(task: Task, facts: Facts) -> dict[str, str]:
    """The variables that say who pays and where the API is, from secrets.env and from the environment of `exec`.

    The task's `env` wins over secrets.env, and that over the environment; a login in one displaces every login of the
    next: a key left in a shell would otherwise be preferred to the token that somebody wrote down for these runs.
    """
    sources = (task.env, facts.secrets, facts.environ)
    logins = next((source for source in sources if any(source.get(name) for name in LOGINS)), {})
    found = {name: logins.get(name, "") for name in LOGINS}
    both = {**facts.environ, **facts.secrets}
    found.update((name, both.get(name, "")) for name in OTHERS)
    for switch, prefixes in CLOUDS.items():
        if both.get(switch):
            found.update(
                (name, value) for name, value in both.items() if name == switch or name.startswith(prefixes)
            )
    return {name: value for name, value in found.items() if value}


def takes(task: Task, names: Collection[str], environ: Mapping[str, str]) -> list[str]:
    """Those of these variables that `credentials` would take, if the secrets had them; `environ`: all that is known else."""
    switched = tuple(
        prefix
        for switch, prefixes in CLOUDS.items()
        if environ.get(switch) or switch in names
        for prefix in (switch, *prefixes)
    )
    logins = () if any(task.env.get(name) for name in LOGINS) else LOGINS
    return [name for name in names if name in (*logins, *OTHERS) or (switched and name.startswith(switched))]


def settings(task: Task) -> dict[str, str]:
    """Settings for running unattended; the task's `env` may override them."""
    # A server that does not start must not use up the start-up clock: the first event comes after the servers.
    server_start = min(30.0, (task.limits.startup_timeout or 90.0) / 3)
    # A tool call must end before the run's clock does, so that the model can still say what happened.
    timeout = TIMEOUT if task.limits.timeout is None else task.limits.timeout
    longest_call = timeout - MINUTE if timeout > 2 * MINUTE else timeout / 2
    usual_call = min(10 * MINUTE, longest_call)
    return {
        # Otherwise a command that outlives its timeout goes on in the background and keeps claude up to ten minutes.
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
        "CLAUDE_CODE_DISABLE_CRON": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_MAX_RETRIES": str(RETRIES),
        # Otherwise a server that takes a few seconds is still pending at the first event, by which it is judged (2.1.329).
        "MCP_CONNECTION_NONBLOCKING": "0",
        "MCP_TIMEOUT": _milliseconds(server_start),
        "MCP_TOOL_TIMEOUT": _milliseconds(usual_call),
        # Its own usual limit is 2 minutes, made for people who watch; a killed build helps nobody at night.
        "BASH_DEFAULT_TIMEOUT_MS": _milliseconds(usual_call),
        "BASH_MAX_TIMEOUT_MS": _milliseconds(longest_call),
    }


def containment(facts: Facts, platform: str) -> dict[str, str]:
    """What the sweep needs there, and the task may not override.

    macOS has no subreaper: a prefix writes down the session of every shell that claude starts.
    """
    if platform != "darwin":
        return {}
    return {
        "CLAUDE_CODE_SHELL_PREFIX": f"{folder()}/shell-prefix.sh",
        "CLODPUTER_SESSIONS": f"{facts.temporary}/sessions",
    }


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))
