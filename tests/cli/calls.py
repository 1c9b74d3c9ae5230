"""Every command in every form of its answer, as tests/cli/test_schemas.py calls it."""

from __future__ import annotations

from typing import NamedTuple


class Call(NamedTuple):
    """One way to call a command. form: which of its schema's forms the data then has; status: the exit code.

    apart: in a process of its own, as it starts others or asks the surroundings. fresh: in a home of its own, as it would
    disturb the other calls.
    """

    arguments: tuple[str, ...] = ()
    form: str = "data"
    status: int = 0
    apart: bool = False
    fresh: bool = False


CALLS = {
    "demo": [Call(apart=True)],
    "init": [Call()],
    "new": [
        Call(("made",)),
        Call(("--list-templates",), "templates"),
        Call(("opened", "--edit"), apart=True),
    ],
    "edit": [Call(("good",), apart=True), Call(("broken",), status=1, apart=True)],
    "set": [Call(("spare", "timeout=5m")), Call(("spare", "timeout=5m", "expect.file_exists=x"))],
    "enable": [Call(("spare",)), Call(("spare", "other"))],
    "disable": [Call(("spare", "--reason", "why")), Call(("spare",))],
    "remove": [Call(("gone", "--yes"))],
    "validate": [Call(("good",)), Call(status=1)],
    "run": [
        Call(("good",), apart=True),
        Call(("bad",), status=1, apart=True),
        Call(("good", "--no-wait"), "dropped"),
        Call(("good", "--in", "9d"), "dropped"),
        Call(("good", "--dry-run"), "dry_run"),
    ],
    "ask": [Call(("Why?",), apart=True), Call(("Why?", "--no-wait"), "dropped")],
    "try": [Call(("good", "--here"), apart=True)],
    "exec": [Call(apart=True), Call(("--task", "good"), apart=True)],
    "list": [Call()],
    "status": [
        Call(),
        Call(("--since", "yesterday"), "digest"),
        Call(("--schedulers",), "schedulers", apart=True),
        Call(("--from", "{folder}/home"), "homes"),
        Call(("--from", "{folder}/nowhere", "{folder}/home"), "homes", status=1),
    ],
    "dashboard": [Call()],
    "queue": [
        Call(),
        *(Call((f"--{place}",), "set_aside") for place in ("dead", "rejected", "parked", "closed")),
    ],
    "cancel": [Call(("held-0002",)), Call(("--all-of", "good"))],
    "inbox": [Call()],
    "approve": [Call(("asks-0001",))],
    "deny": [Call(("asks-0002", "--reason", "no"))],
    "pause": [Call(("bad", "--for", "1s", "--reason", "a test"))],
    "resume": [Call(("bad",))],
    "stop": [Call(fresh=True)],
    "reset": [Call(("bad",))],
    "statusline": [Call(("--snippet",))],
    "trees": [Call(), Call(("reclaim", "--dry-run"), "reclaimed")],
    "diff": [Call(("treed",)), Call(("treed", "--stat"))],
    "take": [Call(("treed",))],
    "discard": [Call(("treed", "--yes"))],
    "bar": [
        Call(()),
        Call(("--format", "waybar")),
        Call(("install", "--format", "tmux"), form="installed"),
    ],
    "mcp": [Call()],
    "explain": [Call(()), Call(("sandbox",))],
    "skill": [
        Call(("install", "--folder", "{folder}/skills"), apart=True),
        Call(("remove", "--folder", "nowhere"), apart=True),
    ],
    "schema": [Call(), Call(("task",), "one")],
    "unpark": [Call(("nothing parked",), status=1)],
    "retry": [Call(("bad",))],
    "dismiss": [
        Call(("nothing-such",), status=1),
        Call(("away.json", "away-1234")),
        Call(("--all-dead", "--yes"), fresh=True),
    ],
    "runs": [Call(), Call(("good",)), Call(("--failed", "--since", "yesterday", "--limit", "1"))],
    "next": [Call(), Call(("--cron", "0 7 * * *"))],
    "why": [
        Call(("good",)),
        Call(("held",)),
        Call(("broken",), status=1),
        Call(("dead-1234",)),
        Call(("wrong.json",)),
        Call(("held-0001",)),
    ],
    "show": [
        Call(("good",)),
        Call(("bad", "--conversation", "--stderr")),
        Call(("0000beef",)),
        Call(("rejected/wrong.json",), "set_aside"),
        Call(("dead-1234",), "set_aside"),
        Call(("long",)),
        Call(("good", "--trace"), "trace"),
    ],
    "logs": [Call(), Call(("--tail", "100000"))],
    "stats": [Call(), Call(("--by", "task")), Call(("--by", "model")), Call(("good", "--since", "3650d"))],
    "report": [Call(), Call(("--since", "3650d", "--with-conversations", "--out", "{folder}/report.html"))],
    "costs": [Call(), Call(("--by", "day", "--since", "yesterday")), Call(("--by", "model"))],
    "config": [
        Call(),
        Call(("get", "timeout"), "one"),
        Call(("set", "timeout", "30m"), "changed"),
        Call(("unset", "timeout"), "changed"),
    ],
    "route": [
        Call(),
        Call(("list",)),
        Call(("test", "tests/fixtures/found.event.json"), "trial"),
        Call(("test", "tests/fixtures/unheard.event.json"), "trial"),
        Call(("events",), "kept"),
        Call(("again", "--all"), "again", fresh=True),
    ],
    "intend": [Call(("push",))],
    "advise": [
        Call(),
        Call(("show", "good"), "task"),
        # The id is a hash of the change and of the task's file.
        Call(("dismiss", "ad99e78f-32af"), "advice"),
        Call(("apply", "ad99e78f-32af"), "changed"),
    ],
    "outcomes": [Call(), Call(("good", "--since", "90d"))],
    "plugins": [Call()],
    "plugin": [
        Call((), "listed"),
        Call(("run", "watcher", "health")),
        Call(("run", "failing"), status=1),
        Call(("new", "fresh"), "made"),
    ],
    "state": [
        Call(("set", "remembering", "a=b", "n:=3"), "changed"),
        Call(("get", "remembering")),
        Call(("get", "remembering", "n"), "one"),
        Call(("delete", "remembering", "n"), "changed"),
        Call(("history", "remembering"), "history"),
        Call((), "tasks"),
    ],
    "notify": [
        Call(),
        Call(("test", "desk"), "tested"),
        Call(("forget",), "forgotten"),
    ],
    "webhooks": [Call()],
    "receive": [Call(status=2)],
    "prune": [Call(("--dry-run",))],
    "backup": [Call(("{folder}/other.tar.gz",), fresh=True)],
    "export": [Call(("good",)), Call(("remembering", "--with-state"))],
    "verify-records": [Call()],
    "bundle": [Call(("good", "--out", "{folder}/good.tar.gz"), apart=True)],
    "replay": [Call(("good",), apart=True), Call(("good", "--rules"))],
    "reclassify": [Call(("--since", "1d"))],
    "import": [
        Call(("task", "{folder}/good.task.json", "--as", "copied")),
        Call(("crontab", "{folder}/old.crontab"), form="source"),
    ],
    "restore": [Call(("{folder}/home.tar", "--dry-run"))],
    "help": [Call(), Call(("run",)), Call(("config", "set"))],
    "completion": [Call((shell,)) for shell in ("bash", "zsh", "fish")],
    "doctor": [Call(status=4, apart=True)],
    "install": [
        Call(("good", "--scheduler", "cron", "--dry-run"), apart=True),
        Call(("--scheduler", "cron", "--dry-run"), status=1, apart=True),
        Call(
            ("--scheduler", "slurm", "--out", "{folder}/out", "--dry-run"), "rendered", status=1, apart=True
        ),
    ],
    "uninstall": [Call(("--dry-run",), apart=True)],
}
