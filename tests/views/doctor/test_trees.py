"""The doctor's look at worktrees."""

from __future__ import annotations

from pathlib import Path

from clodputer.store.git import trees as recorded
from clodputer.store.git.trees import KEPT, Tree
from clodputer.store.home import Home
from clodputer.views.doctor.agents.trees import trees
from clodputer.views.doctor.finding import Facts


def test_what_is_there_is_explained(home: Home, tmp_path: Path) -> None:
    """Or told, as is work that was left."""
    facts = Facts(home, {}, 0.0)
    assert [finding.level for finding in trees(facts)] == ["ok"]
    place = Path(home.trees, "tidy", "20270115T080000.123Z-abcd1234")
    tree = Tree(
        "tidy", place.name, str(place), str(tmp_path), str(tmp_path), "b", "main", "0" * 40, state=KEPT
    )
    recorded.write(home.trees, tree._replace(why="undelivered"))
    place.mkdir()
    (finding,) = trees(facts)
    assert "1 worktree with work that no remote has" in finding.message
    (place.parent / "strange").mkdir()
    (place.parent / "strange.json").write_text("{")
    assert "2 things in" in trees(facts)[0].message
