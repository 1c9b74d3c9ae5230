"""How the fakes, and the real claude against the stand-in, are started."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from tests.fakes.messages_api import Api

FAKE_CLAUDE = Path(__file__).with_name("claude")


def install_fake_claude(folder: Path) -> Path:
    """A starter in `folder`; it becomes the fake by exec, so that the process id stays the same."""
    folder.mkdir(parents=True, exist_ok=True)
    starter = folder / "claude"
    command = shlex.join([sys.executable, "-S", str(FAKE_CLAUDE)])
    starter.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    starter.chmod(0o755)
    return starter


def claude_environment(api: Api, scratch: Path, oauth: bool = False) -> dict[str, str]:
    """The least environment in which the real claude talks to the stand-in and to nobody else.

    With `oauth` it believes in a subscription, and heeds the headers about usage limits.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    secret = (
        {"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-dummy"} if oauth else {"ANTHROPIC_API_KEY": "dummy-key"}
    )
    return {
        "HOME": str(scratch),
        "CLAUDE_CONFIG_DIR": str(scratch / ".claude"),
        "TMPDIR": str(scratch),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "ANTHROPIC_BASE_URL": api.url,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
        "CLAUDE_CODE_MAX_RETRIES": "0",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_AUTOUPDATER": "1",
        **secret,
    }
