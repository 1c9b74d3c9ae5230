"""What the doctor looks at of webhooks: their secrets. Whether the scheduler listens is a matter of its units."""

from __future__ import annotations

from clodputer.model.text.plural import counted
from clodputer.store import secrets
from clodputer.store.context import Context
from clodputer.views.doctor.finding import Facts, Finding, ok, problem
from clodputer.views.incoming import webhooks as views
from clodputer.views.tasks.warnings import of_alarms


def hooks(facts: Facts) -> list[Finding]:
    """Each secret that a webhook names: without it every delivery is refused."""
    environ = of_alarms(facts.home, facts.environ)
    masker = secrets.masker_for(facts.secrets, environ)
    found: list[Finding] = []
    for hook in views.look(Context(facts.home, environ, facts.settings, facts.secrets, masker)):
        for name in hook.missing:
            message = f"webhook {hook.webhook.name}: {name} is not set, so every delivery is refused"
            found += problem("webhooks", message, f"Put {name}=... into {facts.home.secrets}.")
        for name in hook.short:
            message = (
                f"webhook {hook.webhook.name}: {name} is so short that it can be guessed, and is not accepted"
            )
            found += problem("webhooks", message, f"Make a longer one, and put it into {facts.home.secrets}.")
        if hook.trouble:
            message = f"webhook {hook.webhook.name}: its topic cannot be read: {hook.trouble}"
            found += problem("webhooks", message, "It is tried again by itself, later each time.")
    number = len(facts.settings.webhooks)
    return found or ok("webhooks", f"{counted(number, 'webhook')} in config.yaml")
