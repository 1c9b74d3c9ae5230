"""What past runs teach, from real runs: their conditions in record and log, and the answers of `advise`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.model.learning.version import version_of
from clodputer.store.records.history import History
from tests.workshop import clodputer, drop, events, execute, make_home, records, write_task

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.fakes.fixtures"]


def test_the_conditions_of_a_run_are_in_its_record_and_its_line_of_the_log(
    tmp_path: Path, fake_claude: Path
) -> None:
    """The version is that of the template, whatever is filled in; what was denied is named by the rule that would allow it."""
    home = make_home(tmp_path)
    Path(home.config).write_text(f"claude: {fake_claude}\n")
    template = "{{ body }}\n"
    Path(home.tasks, "story.prompt.md").write_text(template)
    write_task(home, "story", json.dumps({"prompt_file": "story.prompt.md"}))
    for text in ("@fake denied Bash", "@fake say well"):
        drop(home, "story.md", f"---\ntask: story\n---\n{text}\n")
        execute(home)
    Path(home.tasks, "story.prompt.md").write_text(template * 2)
    drop(home, "story.md", "---\ntask: story\n---\n@fake say well\n")
    execute(home)
    made = records(home, "story")
    first, second = version_of(template), version_of(template * 2)
    assert [record["prompt_version"] for record in made] == [first, first, second]
    assert [denial["rules"] for denial in made[0]["permission_denials"]] != [[]]
    past = list(History(home).of_task("story"))[::-1]
    assert [run.prompt for run in past] == [first, first, second]
    assert {run.version for run in past} == {made[0]["agent_version"]} != {""}
    wanted = {rule for denial in made[0]["permission_denials"] for rule in denial["rules"]}
    assert [set(run.denied) for run in past] == [wanted, set(), set()]
    assert [run.outside for run in past] == [bool(record["fed_by"]) for record in made]
    assert past[0].message == made[0]["message"][:300] != ""
    assert "denied" not in events(home, "finished")[1]

    told = json.loads(clodputer(home, "advise", "show", "story", "--json")[0])["data"]
    assert (told["rate"]["good"], told["rate"]["runs"]) == (2, 3)
    assert [(one["value"], one["good"], one["runs"]) for one in told["by"]["prompt"]] == [
        (first, 1, 2),
        (second, 1, 1),
    ]
    page = clodputer(home, "advise", "show", "story")[0]
    assert "2 of 3 runs did their work: 67%, likely between 21% and 94%" in page
    assert first in page
    assert "2 of 3" in clodputer(home, "advise")[0]


def test_of_no_runs_nothing_is_learned(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    write_task(home, "story", '{"prompt": "x"}')
    assert "No run has ended" in clodputer(home, "advise")[0]
    assert "No run of story has ended" in clodputer(home, "advise", "show", "story")[0]
    assert "did you mean 'story'" in clodputer(home, "advise", "show", "stroy", status=1)[1]
