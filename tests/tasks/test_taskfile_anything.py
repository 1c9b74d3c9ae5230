"""Whatever stands in a task file, the answer is a task or its problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clodputer.model.proof import expect
from clodputer.tasks import tables, taskfile
from tests.examples import examples
from tests.workshop import make_home

WORDS = st.sampled_from(
    [
        "claude",
        "command",
        "5m",
        "200MB",
        "~/x",
        "/x",
        "..",
        "manual",
        "{{ env.A }}",
        "{{ body }}",
        "{{ x",
        "[",
        "(" * 300,
    ]
) | st.text(max_size=6)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", *(key.name for key in expect.KEYS[0].keys)]) | WORDS, inner, max_size=3
        )
    ),
    max_leaves=6,
)
FILES = st.dictionaries(st.sampled_from(list(tables.top())) | WORDS, VALUES, max_size=8)


@settings(
    deadline=None,
    max_examples=examples(150),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(FILES)
def test_any_keys_and_values(tmp_path: Path, value: Any) -> None:
    """No value of any key raises anything, and each problem is one line that can be written."""
    home = make_home(tmp_path)
    path = f"{home.tasks}/x.yaml"
    Path(path).write_text(json.dumps(value).replace("\x7f", "\\u007f"), encoding="utf-8")
    task, problems = taskfile.check_file(home, path, {"A": "4"})
    assert (task is None) == bool(problems)
    for problem in problems:
        assert problem.line >= 1
        assert "\n" not in str(problem)
        str(problem).encode()
    if task is not None:
        assert taskfile.check_file(home, path, {"A": "4"}) == (task, ())
