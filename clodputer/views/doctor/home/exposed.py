"""What the doctor looks at of permissions: files and folders with which another account could change what a task does."""

from __future__ import annotations

import os
import stat

from clodputer.store.files import exposed
from clodputer.views.doctor import fix
from clodputer.views.doctor.finding import Facts, Finding, ok, problem

_WRITE = stat.S_IWGRP | stat.S_IWOTH


def tasks(facts: Facts) -> list[Finding]:
    """What keeps the requests of enabled tasks waiting, each file or folder once."""
    found = dict.fromkeys(exposed.of_home(facts.home))
    for task in facts.tasks:
        if task.enabled:
            found.update(dict.fromkeys(exposed.of_task(facts.home, task.path)))
    findings = []
    for one in found:
        mode = stat.S_IMODE(os.stat(one.path).st_mode)
        remedy = fix.chmod(one.path, mode & ~_WRITE) if one.fix.startswith("chmod") else None
        findings += problem("exposed", f"{one.message}; the requests concerned wait", one.fix, remedy)
    return findings or ok("exposed", "no other account can change what a task does")
