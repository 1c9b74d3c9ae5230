"""A secret that stands in config.yaml itself, where its name should: it is refused, and nothing of ours repeats it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.workshop import drop, run

SECRET = "s3cr3t-k9"
HOOK = 'webhooks: {a: {kind: github, secret: "{{ env.A }}"'
WRONG = {
    "github.token": f"github: {{token: {SECRET}}}",
    "webhooks.secret": f"webhooks: {{a: {{kind: github, secret: {SECRET}}}}}",
    "webhooks.secret, the second": f'webhooks: {{a: {{kind: github, secret: ["{{{{ env.A }}}}", {SECRET}]}}}}',
    "webhooks.ntfy_topic": f"{HOOK}, ntfy_topic: ntfy.sh/{SECRET}}}}}",
    "webhooks.token": f"{HOOK}, ntfy_topic: https://ntfy.sh/x, token: {SECRET}}}}}",
    "notify.url": f"notify: {{a: {{type: webhook, url: hooks.example/{SECRET}}}}}",
    "notify.headers": f'notify: {{a: {{type: webhook, url: "https://x.example", headers: {{X: "{SECRET}\\n"}}}}}}',
    "ping": f"ping: hc.example/{SECRET}",
    "no YAML": f'github: {{token: "{SECRET}',
}


@pytest.mark.parametrize("key", WRONG)
def test_it_is_refused_and_not_shown(home: Home, key: str) -> None:
    """Neither by what is printed, nor in the log, nor in what is remembered of why nothing runs."""
    Path(home.config).write_text(f"{WRONG[key]}\n")
    drop(home, "nightly")
    for command in (("exec",), ("status",), ("config",), ("doctor",)):
        ended = run(home, *command)
        assert "config.yaml:" in ended.stdout + ended.stderr, command
        assert SECRET not in ended.stdout + ended.stderr, command
    written = [path for path in Path(home.root).rglob("*") if path.is_file() and str(path) != home.config]
    assert [path.name for path in written if SECRET in path.read_text(errors="replace")] == []
