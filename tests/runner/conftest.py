"""What the tests of running share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.listener import listening
from tests.runner.families import Nursery
from tests.runner.topical import SECRET, Topic
from tests.workshop import command_task, write_secrets


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    """A place to start innocent processes."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def there() -> Iterator[Topic]:
    """A server with a topic."""
    with listening() as server:
        yield Topic(server)


@pytest.fixture
def polling(home: Home, there: Topic) -> Home:
    """A home with a webhook that comes by it, and a task for its events."""
    command_task(home, "deploy", "/bin/true")
    write_secrets(home, f"HOOK={SECRET}\nTOKEN=tk_secret\n")
    Path(home.config).write_text(
        "webhooks:\n"
        f"  ci: {{kind: standard, secret: '{{{{ env.HOOK }}}}', ntfy_topic: {there.server.url}/t,"
        " token: '{{ env.TOKEN }}', every: 2m}\n"
        "routes: [{from: ci, type: deployed, to: deploy}]\n"
    )
    return home
