"""Runs with secrets by reference: they wait, are given up, or have them, and nothing that is kept ever holds one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.runner.place import withsecrets
from clodputer.runner.recover import recover
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import slot
from clodputer.tasks import taskfile
from clodputer.views.doctor.outside import secret
from tests.doctoring import facts, one
from tests.listener import listening
from tests.runner.test_follow import PLACE, SLOT
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    everything,
    execute,
    program,
    records,
)

VALUE = "s3cret-value-of-a-store"


def configure(home: Home, reference: object, more: str = "") -> None:
    """A config.yaml whose only secret is X."""
    Path(home.config).write_text(f"secrets: {json.dumps({'X': reference})}\n{more}", encoding="utf-8")


def store(home: Home, script: str = f"echo {VALUE}") -> Path:
    """A secret store that counts how often it is asked."""
    folder = Path(home.root).parent
    path = program(folder, "store", f'echo x >> "{folder}/asked"; {script}')
    configure(home, {"command": [str(path), "show", "x"]})
    return path


def asked(home: Home) -> int:
    path = Path(home.root).parent / "asked"
    return len(path.read_text().split()) if path.exists() else 0


def nowhere(home: Home) -> None:
    """No file of the home holds the secret."""
    found = subprocess.run(["grep", "-rlF", VALUE, home.root], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_it_reaches_the_run_and_nothing_that_is_kept(home: Home) -> None:
    store(home)
    command_task(
        home,
        "show",
        "/bin/sh",
        "-c",
        f'echo "it is $TOKEN"; echo "$TOKEN" >&2; test "$(printf %s "$TOKEN" | wc -c)" -eq {len(VALUE)}',
        more='env: {TOKEN: "{{ env.X }}"}\non_success: [{command: [/bin/sh, -c, "echo $TOKEN; cat"]}]\n',
    )
    drop(home, "show")
    execute(home)
    (record,) = records(home, "show")
    assert (record["outcome"], record["result"]) == ("succeeded", "it is ***")
    assert asked(home) == 1
    nowhere(home)


def test_only_a_task_that_names_it_has_it_looked_up(home: Home) -> None:
    store(home)
    command_task(home, "plain", "/bin/sh", "-c", 'test -z "$X"', more='env: {OTHER: "{{ env.PATH }} X"}\n')
    drop(home, "plain")
    execute(home)
    assert [record["outcome"] for record in records(home, "plain")] == ["succeeded"]
    assert asked(home) == 0
    clodputer(home, "validate")
    assert asked(home) == 0


def test_a_locked_store_keeps_the_request_waiting(home: Home) -> None:
    path = store(home, "exit 2")
    command_task(home, "push", "/bin/sh", "-c", "exit 0", more='env: {TOKEN: "{{ env.X }}"}\n')
    command_task(home, "other", "/bin/true")
    drop(home, "push")
    execute(home)
    assert records(home, "push") == []
    (waits,) = events(home, "delayed")
    assert waits["reason"] == "secret"
    assert f"command {path} show x" in waits["message"]
    stdout, _ = clodputer(home, "why", "push")
    assert "could not be looked up" in stdout
    # It holds up no other, and goes on when its time comes.
    drop(home, "other")
    execute(home)
    assert [record["outcome"] for record in records(home, "other")] == ["succeeded"]
    program(path.parent, "store", f"echo {VALUE}")
    clodputer(home, "run", "push")
    assert [record["outcome"] for record in records(home, "push")][-1:] == ["succeeded"]


def test_a_reference_that_cannot_work_is_a_refusal(home: Home) -> None:
    configure(home, {"command": ["no-such-program", "show"]})
    command_task(home, "push", "/bin/true", more='env: {TOKEN: "{{ env.X }}"}\n')
    drop(home, "push")
    execute(home)
    (buried,) = events(home, "buried")
    assert buried["reason"] == "secret_invalid"
    assert "no program no-such-program" in buried["message"]
    assert any(name.endswith(".push") for name in everything(home)["dead"])


def test_both_places_for_one_secret_are_a_mistake(home: Home) -> None:
    store(home)
    Path(home.secrets).write_text("X=1\n")
    Path(home.secrets).chmod(0o600)
    with pytest.raises(ClodputerError, match=r"X is both in .* and under secrets in"):
        look(environment(home))
    assert "X is both in" in "".join(clodputer(home, "validate", status=1))
    assert one(secret.file_and_references(facts(home)), "problem").message.startswith("X is both in")


def test_a_dry_run_names_it_and_looks_nothing_up(home: Home) -> None:
    path = store(home)
    command_task(home, "push", "/bin/true", more='env: {TOKEN: "{{ env.X }}"}\n')
    stdout, _ = clodputer(home, "run", "push", "--dry-run", "--json")
    assert json.loads(stdout)["data"]["secrets"] == [{"name": "X", "from": f"command {path} show x"}]
    assert asked(home) == 0


def test_a_secret_in_the_argument_list_is_refused(home: Home) -> None:
    store(home)
    command_task(home, "push", "/bin/echo", "{{ env.X }}")
    drop(home, "push")
    execute(home)
    (record,) = records(home, "push")
    assert record["reason"] == "not_started"
    assert "argument list" in record["message"]
    nowhere(home)


def test_a_login_of_claude_is_looked_up_without_being_named(home: Home) -> None:
    path = store(home)
    Path(home.config).write_text(
        f"secrets: {{CLAUDE_CODE_OAUTH_TOKEN: {{command: [{path}]}}, OTHER: {{command: [/bin/false]}}}}\n"
    )
    Path(home.tasks, "ask-it.yaml").write_text("prompt: hello\n")
    context = look(environment(home))
    found = withsecrets.for_run(context, taskfile.load(home, "ask-it", context.environ))
    assert getattr(found, "secrets", None) == {"CLAUDE_CODE_OAUTH_TOKEN": VALUE}


def test_the_file_of_a_prompt_counts(home: Home) -> None:
    store(home)
    Path(home.tasks, "hello.md").write_text("Use {{ env['X'] }}.\n")
    Path(home.tasks, "hello.yaml").write_text("prompt_file: hello.md\n")
    context = look(environment(home))
    found = withsecrets.for_run(context, taskfile.load(home, "hello", context.environ))
    assert getattr(found, "looked_up", None) == ("X",)


@pytest.mark.parametrize("locked", [False, True])
def test_whoever_finishes_a_run_masks_what_it_was_given(home: Home, locked: bool) -> None:
    """Its exec was killed while the run wrote: the next one looks the secret up, or removes what it cannot mask."""
    store(home, "exit 1" if locked else f"echo {VALUE}")
    command_task(home, "push", "/bin/true", more='env: {TOKEN: "{{ env.X }}"}\n')
    context = look(environment(home))
    withsecrets._known.clear()
    run_id = runs.new_id(1_800_000_000.0, PLACE.id)
    folder = runs.folder(home, "push", run_id)
    os.makedirs(folder)
    slot.make(home, SLOT)
    Path(slot.path(home, SLOT, PLACE)).write_text('{"task": "push"}')
    slot.mark(home, SLOT, "push", run_id)
    slot.start(home, SLOT, "push", run_id)
    runs.write_json(f"{folder}/secrets.json", {"names": ["X"]}, durable=False)
    Path(folder, "stdout").write_text(f"it is {VALUE}\n")
    recover(context, SLOT, 1_800_000_001.0)
    assert (records(home, "push")[0]["outcome"]) == "lost"
    assert Path(folder, "stdout").read_text().startswith("[Removed" if locked else "it is ***")
    nowhere(home)


@pytest.mark.parametrize("locked", [False, True])
def test_whoever_looks_at_a_run_that_goes_on_sees_no_secret(home: Home, locked: bool) -> None:
    store(home, "exit 1" if locked else f"echo {VALUE}")
    withsecrets._known.clear()
    folder = Path(home.runs, "push", "1")
    folder.mkdir(parents=True)
    runs.write_json(f"{folder}/secrets.json", {"names": ["X"]}, durable=False)
    hide = withsecrets.hiding(look(environment(home)), str(folder))
    assert hide(f"it is {VALUE}") == ("" if locked else "it is ***")
    (folder / "record.json").write_text("{}")
    asked_before = asked(home)
    assert withsecrets.hiding(look(environment(home)), str(folder))("over") == "over"
    assert asked(home) == asked_before


def test_a_channel_has_it_looked_up_when_something_is_told(home: Home) -> None:
    with listening() as listener:
        store(home, f"echo {listener.url}/{VALUE}")
        text = Path(home.config).read_text()
        Path(home.config).write_text(f'{text}notify: {{hook: {{type: webhook, url: "{{{{ env.X }}}}"}}}}\n')
        command_task(home, "fails", "/bin/false")
        drop(home, "fails")
        execute(home)
        assert [got.path for got in listener.got] == [f"/{VALUE}"]
        nowhere(home)


def test_the_doctor_tries_each_and_shows_none(home: Home) -> None:
    path = store(home)
    assert "1 reference looked up" in one(secret.file_and_references(facts(home)), "ok").message
    program(path.parent, "store", f"echo {VALUE} >&2; exit 3")
    found = one(secret.file_and_references(facts(home)), "problem")
    assert "status 3" in found.message
    assert VALUE not in found.message
    configure(home, {"credential": "github"})
    assert "LoadCredential=" in one(secret.file_and_references(facts(home)), "note").remedy
