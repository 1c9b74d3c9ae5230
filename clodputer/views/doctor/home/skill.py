"""What the doctor looks at of the skill for Claude: whether it is of this version."""

from __future__ import annotations

from clodputer.store.program import skill, templates
from clodputer.views.doctor.finding import Facts, Finding, named, note, ok


def skill_for_claude(facts: Facts) -> list[Finding]:
    """The skill in Claude Code's own folder; one in a project, or of somebody else's, is not looked at."""
    place = skill.place(facts.environ)
    if not skill.is_ours(place):
        return ok("skill", "there is no skill for Claude (docs/skill.md)")
    other = skill.differing(place, templates.skill(skill.NAME))
    if other:
        return note(
            "skill",
            f"the skill in {place} is of another version: {named(other)}",
            "clodputer skill install",
        )
    return ok("skill", f"{place} is of this version")
