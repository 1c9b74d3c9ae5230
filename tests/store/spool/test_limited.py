"""Templates that run away end within their limits, wherever they stand; nothing else notices."""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic, process_time

import psutil
import pytest

from clodputer.model.errors import ClodputerError
from clodputer.store.taskfiles import limited, template_text
from clodputer.tasks import taskfile
from tests.workshop import make_home, write_task

# Time or memory for each of them, without a word that a reader would take for dangerous.
RUNAWAYS = {
    "loops in loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% if b < 0 %}{% endif %}{% endfor %}{% endfor %}",
    "format of a width": "{{ '%999999999d' % 1 }}",
    "center": "{{ 'x'.center(900000000) }}",
    "the filter center": "{{ 'x' | center(900000000) }}",
    "ljust in a condition": "{% if 'x'.ljust(2000000000) %}y{% endif %}",
    "indent": "{{ ('x\n' * 2000000) | indent(400) | length }}",
    "tojson": "{{ [[[[[[1]]]]]] | tojson(indent=400000000) }}",
    "expandtabs": "{{ '\t\t\t\t'.expandtabs(900000000) | length }}",
    "replace upon replace": "{{ ('x' * 100000).replace('x', 'y' * 100000) | length }}",
    "a list that grows": "{% set n = namespace(x=[1]) %}{% for a in range(99999) %}{% set n.x = n.x + n.x %}{% endfor %}",
}


# This is ended by its processor time, which takes seconds.
LONG = {"loops in loops"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in RUNAWAYS]
)
def test_a_runaway_ends(name: str) -> None:
    """In time, with a sentence that says so; reading it without rendering takes no time at all."""
    # Other tests may have left children of this process, whom it would have to wait for.
    before = {child.pid for child in psutil.Process().children()}
    reading = process_time()
    assert template_text.faults(RUNAWAYS[name], template_text.IN_PROMPTS) == []
    assert process_time() - reading < 2
    begun = monotonic()
    with pytest.raises(template_text.CannotRender) as caught:
        template_text.render(RUNAWAYS[name], {"env": {}}, 10_000_000)
    assert monotonic() - begun < 3 * limited.PATIENCE
    assert "\n" not in str(caught.value)
    assert {child.pid for child in psutil.Process().children()} <= before


@pytest.mark.parametrize("key", ["timeout", "lane", "trigger"])
def test_a_runaway_in_a_key_that_is_read_early_is_a_problem_of_the_key(key: str, tmp_path: Path) -> None:
    home = make_home(tmp_path)
    template = "{{ 'x' | center(900000000) }}"
    value = f'{{type: file_watch, path: "{template}"}}' if key == "trigger" else f'"{template}"'
    write_task(home, "x", f"prompt: a\n{key}: {value}\n")
    task, problems = taskfile.check_file(home, f"{home.tasks}/x.yaml", {})
    assert task is None
    assert [problem.key.split(".")[0] for problem in problems] == [key]


@pytest.mark.slow
def test_a_very_long_template_is_read_within_limits() -> None:
    """Two million uses of a name would take minutes and gigabytes."""
    (fault,) = template_text.faults("{{a}}" * 2_000_000, template_text.IN_PROMPTS)
    assert "make it simpler" in fault.message


def test_errors_come_back_as_they_are() -> None:
    """With all that they hold; and calls within a call are made directly."""

    def fails() -> None:
        raise ClodputerError("a_code", "a message", "a hint", 7)

    with pytest.raises(ClodputerError) as caught:
        limited.call(lambda: limited.call(fails))
    error = caught.value
    assert (error.code, error.message, error.hint, error.exit_code) == ("a_code", "a message", "a hint", 7)
    with pytest.raises(template_text.CannotRender) as missing:
        template_text.render("{{ env.X }}", {"env": {}}, 100)
    assert missing.value.missing == "env.X"
    with pytest.raises(RuntimeError, match="while a template was filled in: an internal error: KeyError"):
        limited.call(os.environ.__getitem__, "no such variable")
