"""What the doctor checks of notifications: whether channels can work, and what was not delivered."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec

from clodputer.agents import locate
from clodputer.model.text.plural import counted
from clodputer.notify import Refused, desktop
from clodputer.outbox.fill import filled
from clodputer.store import secrets
from clodputer.store.context import Context
from clodputer.store.files.tilde import expand
from clodputer.store.folder import entries
from clodputer.store.outgoing import outbox
from clodputer.views.doctor.finding import Facts, Finding, note, ok, problem
from clodputer.views.overview.notify import undelivered
from clodputer.views.tasks.warnings import of_alarms


def channels(facts: Facts) -> list[Finding]:
    """Each channel of config.yaml, and each channel and ping that a task names."""
    context = _context(facts)
    found = [finding for name in facts.settings.notify for finding in _channel(context, name)]
    if facts.settings.ping:
        found += _ping(context, "config.yaml", facts.settings.ping)
    for task in facts.tasks:
        for name in task.notify.channels or ():
            if name not in facts.settings.notify:
                message = f"task {task.name} names the channel {name}, which config.yaml does not have"
                found += problem(
                    "notify", message, f"Add it under notify: in {facts.home.config}, or change the task."
                )
        if task.ping:
            found += _ping(context, f"task {task.name}", task.ping)
    if found:
        return found
    number = len(facts.settings.notify)
    if not number:
        return ok(
            "notify",
            "config.yaml names no channel: nobody is notified when something goes wrong (docs/notify.md)",
        )
    return ok("notify", f"{counted(number, 'channel')} can be used. Try them: clodputer notify test")


def undelivered_mail(facts: Facts) -> list[Finding]:
    """Messages that were tried in vain."""
    entries(facts.home.outbox)  # raises what keeps it from being read
    mail = undelivered(_context(facts), facts.now)
    if mail.failing or mail.dead:
        dead = f"{counted(mail.dead, 'message')} given up" if mail.dead else ""
        failing = f"{counted(mail.failing, 'message')} not delivered yet" if mail.failing else ""
        message = f"{', '.join(filter(None, (dead, failing)))}: {mail.last_error}"
        return problem("outbox", message, "See: clodputer notify. When it is fixed: clodputer notify test")
    waiting = len(outbox.names(facts.home))
    return ok("outbox", f"{counted(waiting, 'message')} waiting, none has failed")


def _context(facts: Facts) -> Context:
    environ = of_alarms(facts.home, facts.environ)
    known = {**secrets.placeholders(facts.settings.secrets), **facts.secrets}
    return Context(facts.home, environ, facts.settings, known, secrets.masker_for(known, environ))


def _channel(context: Context, name: str) -> Iterator[Finding]:
    channel = context.settings.notify[name]
    kind = channel["type"]
    config = context.home.config
    try:
        filled(channel, context)
    except Refused as error:
        yield from problem("notify", f"channel {name}: {error}", f"Fix {context.home.secrets} or {config}.")
    program = ""
    if kind == "command":
        program = expand(channel["command"][0], context.environ)
    elif kind == "desktop" and sys.platform != "darwin":
        program = "notify-send"
        if not desktop.session(context.environ):
            message = f"channel {name}: no desktop session of this account was found"
            yield from note("notify", message, "It is looked for again at each message.")
    if program and not locate.find(program, locate.folders(context.environ.get("PATH", ""))):
        remedy = "Install it: apt install libnotify-bin" if kind == "desktop" else f"Fix {config}."
        yield from problem("notify", f"channel {name}: there is no program {program}", remedy)
    if kind == "apprise" and find_spec("apprise") is None:
        remedy = f"{sys.executable} -m pip install apprise"
        yield from problem("notify", f"channel {name}: the package apprise is not installed", remedy)


def _ping(context: Context, whose: str, url: str) -> Iterator[Finding]:
    try:
        filled(url, context)
    except Refused as error:
        yield from problem("notify", f"the ping of {whose}: {error}", f"Fix {context.home.secrets}.")
