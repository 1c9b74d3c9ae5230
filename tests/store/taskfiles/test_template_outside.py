"""Which outputs of a template get a fence: by names, through filters, loops, variables, macros and blocks."""

from __future__ import annotations

import re

import pytest

from clodputer.store.taskfiles import template_engine
from clodputer.store.taskfiles.template_terms import CannotRender, Outside

FILE = {"path": "/a b", "size": 3, "event": "created"}
VALUES = {
    "env": {"A": "aa"},
    "file": FILE,
    "files": [FILE, FILE],
    "context": {"x": "typed", "given": "brought", "items": "typed"},
    "last": {"outcome": "ok", "result": "R", "when": "w"},
    "attempts": [{"outcome": "failed", "message": "M", "number": 1}],
    "tree": [{"n": "r", "c": [{"n": "s", "c": []}]}],
}
FIELDS = {"attempts": ("outcome",), "last": ("outcome", "when"), "context": ("x", "items")}
OUTSIDE = Outside("deadbeef", frozenset(VALUES), frozenset(("env",)), FIELDS, {"context": "from scan"})

# `[label: text]` stands for a fence.
CASES = {
    "{{ file.path }} {{ file.size }}": "[file.path: /a b] 3",
    "{{ env.A }} {{ context.x }} {{ last.outcome }}": "aa typed ok",
    "{{ last.result }} {{ last['result'] }} {{ last['when'] }}": "[last.result: R] [last.result: R] w",
    "{{ context.given }}": "[context.given, from scan: brought]",
    "{{ context['giv' ~ 'en'] }}": "[context, from scan: brought]",
    "{{ file.path | upper }} {{ file.path | replace('/', '') | trim }}": "[file.path: /A B] [file.path: a b]",
    "{{ file.path ~ env.A }}{{ 'x' + file.path }}": "[file.path: /a baa][file.path: x/a b]",
    "{{ '%s!' | format(file.path) }}{{ '{}'.format(file.path) }}": "[file.path: /a b!][file.path: /a b]",
    "{{ [file.path, env.A] | join('-') }} {{ files | map(attribute='path') | join }}": "[file.path: /a b-aa] [files: /a b/a b]",
    "{% set x = file.path %}{{ x }}{% set y = x[1:] %}{{ y }}": "[file.path: /a b][file.path: a b]",
    "{% set x %}<{{ file.path }}>{% endset %}{{ x | upper }}": "[file.path: </A B>]",
    "{% set x, y = file.path, 1 %}{{ x }}{{ y }}": "[file.path: /a b]1",
    "{% with x = file.path %}{{ x }}{% endwith %}": "[file.path: /a b]",
    "{% for f in files %}{{ f.path }}{{ ', ' if not loop.last }}{% endfor %}": "[files.path: /a b], [files.path: /a b]",
    "{% for k, v in last.items() %}{{ k if v == 'R' }}{% endfor %}": "[last: result]",
    "{% for f in files %}{{ loop.index }}{{ loop.cycle('odd', 'even') if 0 }}{% endfor %}": "12",
    "{% for n in tree recursive %}{{ n.n }}{{ loop(n.c) if n.c }}{% endfor %}": "[tree, tree.c, tree.n: rs]",
    "{% set ns = namespace(x='') %}{% set m = ns %}{% for f in files %}{% set m.x = m.x ~ f.path %}{% endfor %}{{ ns.x }}":
        "[files.path: /a b/a b]",
    "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(file.path) }}": "[file.path: </a b>]",
    "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(env.A) }}": "<aa>",
    "{% macro m(a) %}<{{ a }}>{% endmacro %}{% set f = m %}{{ f(a=file.path) }}": "[file.path: </a b>]",
    "{% macro m() %}<{{ file.path }}>{% endmacro %}{{ m() }}": "[file.path: </a b>]",
    "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}{{ file.path }}{% endcall %}": "[file.path: </a b>]",
    "{% macro m() %}<{{ caller(file.path) }}>{% endmacro %}{% call(x) m() %}{{ x }}{% endcall %}": "[file.path: </a b>]",
    "{% filter replace('e', '') %}the {{ file.path }}{% endfilter %}": "[file.path: th /a b]",
    "{% filter upper %}the {{ env.A }}{% endfilter %}": "THE AA",
    "{% block b %}{{ file.path }}{% endblock %}": "[file.path: /a b]",
    "{% autoescape true %}{{ file.path }}{% endautoescape %}": "[file.path: /a b]",
    "{% if file.path %}yes{% endif %}{{ 'a' if file.path else 'b' }}{{ file.path == '/a b' }}": "yesaTrue",
    "{{ file.path is defined }}{{ not file.path }}{{ files | length }}": "TrueFalse2",
    "{{ file.path or 'none' }}{{ 'x' and file.path }}": "[file.path: /a b][file.path: /a b]",
    "{{ absent | default('none') }}": "none",
    "{{ file.absent | default(env.A) }}": "[file.absent: aa]",
    "{% for a in attempts %}{{ a.number }} {{ a.outcome }} {{ a.message }}{% endfor %}":
        "1 failed [attempts.message: M]",
    "{{ attempts[0].outcome }} {{ (attempts | last).message }}": "failed [attempts.message: M]",
    "{{ {'outcome': attempts}.outcome | length }}{{ {'outcome': last.result}.outcome }}": "1[last.result: R]",
    "{% set a = {'outcome': attempts[0].message} %}{{ a.outcome }}": "[attempts.message: M]",
    "{{ dict(a=file.path).a }}{{ namespace(a=file.path).a }}{{ cycler(file.path).next() }}":
        "[file.path: /a b][file.path: /a b][file.path: /a b]",
    "{{ file | tojson }}": '[file: {"path": "/a b", "size": 3, "event": "created"}]',
}  # fmt: skip


def shown(text: str) -> str:
    made = template_engine.render(text, VALUES, 100_000, OUTSIDE)
    return re.sub(r'<outside-deadbeef source="([^"]*)">(.*?)</outside-deadbeef>', r"[\1: \2]", made)


@pytest.mark.parametrize("text", CASES)
def test_the_fence_goes_where_the_text_does(text: str) -> None:
    assert shown(text) == CASES[text]


def test_a_method_of_a_mapping_is_no_trusted_field() -> None:
    """`items` of the context gives away all of it, whatever the task calls a value of its own."""
    assert shown("{% set f = context.items %}{{ f() | list | length }}") == "3"
    assert shown("{% set f = context.items %}{{ f() | list }}").startswith("[context.items, from scan: [(")


def test_a_block_that_is_shown_twice_stays_fenced() -> None:
    made = shown("{% block b %}{{ file.path }}{% endblock %}{{ self.b() }}")
    assert made.startswith("[file.path: /a b][file.path: ")
    assert made.endswith("]")


@pytest.mark.parametrize(
    "text", ["{% set l = [] %}{{ l.append(file.path) }}", "{{ context.update(x=file.path) }}"]
)
def test_nothing_can_be_put_into_what_is_trusted(text: str) -> None:
    """So that each name holds what the template gives it by `set`, `for` or `with`."""
    with pytest.raises(CannotRender, match="unsafe"):
        shown(text)


@pytest.mark.parametrize(
    "text", ["{{ file.path | fence }}", "{{ file.path | raw }}", "{{ file.path | unfenced }}"]
)
def test_there_is_no_way_around(text: str) -> None:
    assert template_engine.faults(text, dict.fromkeys(VALUES, ()))


@pytest.mark.parametrize(
    "text", ["{{ file.path | safe }}", "{{ file.path | e }}", "{{ file.path | string }}"]
)
def test_no_filter_takes_the_fence_away(text: str) -> None:
    assert shown(text) == "[file.path: /a b]"


def test_without_text_from_outside_nothing_is_changed() -> None:
    assert template_engine.render("{{ file.path }}", VALUES, 100) == "/a b"
