"""What is known of the agents without loading them: which are asked by a prompt, and whose account each draws on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

CLAUDE, COMMAND = "claude", "command"


class Kind(NamedTuple):
    """What sets an agent apart from others.

    title: what people call it. prompted: it does what the words of its prompt say, so that it draws on an account of a model's
    and words from outside are kept apart. plans: it can be kept to making a plan. settings: the keys of config.yaml that stand
    in for a task's own; one with max_cost_usd among them stops at that. config_folder: the variable that names another folder
    of its own than this one in HOME, `folder`. login: the file in that which holds its login. keys: the variables that hold a
    key of its account, of which the first one that is set counts.
    """

    title: str
    prompted: bool = True
    plans: bool = False
    settings: tuple[str, ...] = ()
    config_folder: str = ""
    folder: str = ""
    login: str = ""
    keys: tuple[str, ...] = ()

    @property
    def capped(self) -> bool:
        """Whether it can be kept from spending more than max_cost_usd."""
        return "max_cost_usd" in self.settings


KINDS: Mapping[str, Kind] = {
    CLAUDE: Kind(
        "Claude",
        plans=True,
        settings=("model", "max_turns", "max_cost_usd"),
        config_folder="CLAUDE_CONFIG_DIR",
        folder=".claude",
        # Of 2.1.332 on Linux. On macOS it is in the keychain, which cannot be looked at without asking the person.
        login=".credentials.json",
        keys=("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
    ),
    "codex": Kind(
        "codex",
        config_folder="CODEX_HOME",
        folder=".codex",
        login="auth.json",
        keys=("CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "OPENAI_API_KEY"),
    ),
    "gemini": Kind(
        "gemini", folder=".gemini", login="oauth_creds.json", keys=("GEMINI_API_KEY", "GOOGLE_API_KEY")
    ),
    "opencode": Kind(
        "opencode",
        settings=("max_cost_usd",),
        folder=".local/share/opencode",
        login="auth.json",
        keys=(
            "OPENCODE_API_KEY",
            "ANTHROPIC_API_KEY",
            "OPENAI_API_KEY",
            "GEMINI_API_KEY",
            "OPENROUTER_API_KEY",
        ),
    ),
    COMMAND: Kind("the program", prompted=False),
}


def kind_of(agent: str) -> Kind:
    """The kind of an agent. One that is not known counts as prompted: so nothing that guards such agents is left out."""
    return KINDS.get(agent) or Kind(agent)


def prompted(agent: str) -> bool:
    """Whether an agent does what the words of its prompt say; a program that is given a text as its input does not."""
    return kind_of(agent).prompted
