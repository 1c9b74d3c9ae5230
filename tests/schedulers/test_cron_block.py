"""Our blocks in a person's crontab: put in, changed and taken out again, and not one byte of the rest touched."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as some

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.cron import block as cron_block

HOME, OTHER = "/home/a/.clodputer", "/srv/clodputer"
UNITS = {
    "task-nightly": "# clodputer task-nightly: task nightly\n30 2 * * * /x exec --task nightly\n",
    "spool": "# clodputer spool: spool, and more\n* * * * * /x exec\n",
}

TABLES = [
    None,
    b"",
    b"\n",
    b"0 0 * * * /bin/true\n",
    b"0 0 * * * /bin/true",
    b"# mine",
    b"\n\n# BEGIN other\n0 0 * * * x\n# END other\n\n\n",
    b"# clodputer is mentioned here\n## BEGIN clodputer in words\nA=b\n",
    "# Gr\u00fc\u00dfe \u2028 \x0b \x1c\n".encode() + b"# latin \xe9\n0 0 * * * x\n",
    b"\t 0 0 * * *\tx  \n  # BEGIN clodputering\n",
]


def put(table: Optional[bytes], home: str = HOME, units: Optional[dict[str, str]] = None) -> Optional[bytes]:
    return cron_block.write(table, home, UNITS if units is None else units, "1.0")


@pytest.mark.parametrize("table", TABLES)
def test_in_and_out_again_leaves_every_byte(table: Optional[bytes]) -> None:
    """Also when the block is changed in between, and when there are two."""
    within = put(table)
    assert within is not None
    assert within.startswith(table or b"")
    assert put(within) == within
    (block,) = cron_block.read(within)
    assert dict(block.units) == UNITS
    assert (block.home, block.version, block.edited) == (HOME, "1.0", False)
    assert put(put(within, units={"spool": UNITS["spool"]}), units={}) == table
    both = put(within, OTHER)
    assert [block.home for block in cron_block.read(both or b"")] == [HOME, OTHER]
    assert put(put(both, OTHER, {}), units={}) == table
    if table is None or not table or table.endswith(b"\n"):
        assert put(put(both, HOME, {}), OTHER, {}) == table


def test_tasks_come_first_and_the_order_is_always_the_same() -> None:
    assert list(cron_block.read(put(None) or b"")[0].units) == ["task-nightly", "spool"]
    assert put(None) == put(None, units=dict(reversed(UNITS.items())))


def test_lines_that_the_person_adds_stay_where_they_are() -> None:
    """Before, behind, and though the table was made by us."""
    within = put(None) or b""
    grown = b"# first\n" + within + b"# last\n"
    assert put(grown, units={}) == b"# first\n# last\n"
    changed = put(grown, units={"spool": UNITS["spool"]}) or b""
    assert changed.startswith(b"# first\n# BEGIN")
    assert changed.endswith(b"\n# last\n")


def test_lines_that_the_person_adds_behind_a_line_that_was_unfinished() -> None:
    """They are not joined with it."""
    assert put((put(b"# first") or b"") + b"# last\n", units={}) == b"# first\n# last\n"


def test_what_was_edited_inside_is_told() -> None:
    within = (put(b"# mine\n") or b"").replace(b"30 2 * * *", b"31 2 * * *")
    (block,) = cron_block.read(within)
    assert block.edited
    assert block.line == 2
    assert "31 2" in block.units["task-nightly"]
    (healed,) = cron_block.read(put(within) or b"")
    assert not healed.edited


def test_stray_lines_inside_are_a_unit_of_their_own() -> None:
    """So that an installation takes them away, after keeping a copy."""
    within = (put(None) or b"").replace(
        b"# clodputer task-nightly", b"0 1 * * * mine\n# clodputer task-nightly", 1
    )
    (block,) = cron_block.read(within)
    assert block.units[cron_block.STRAY] == "0 1 * * * mine\n"
    assert cron_block.identity("0 1 * * * mine\n") == (cron_block.STRAY, "", "")


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        ("B", 1, "nothing ends"),
        ("E", 1, "nothing begins"),
        (".BxEE", 5, "nothing begins"),
        ("BBE", 2, "a block inside"),
        ("B.bEe", 3, "a block inside"),
        ("BE.BE", 4, "a second block"),
        ("B.e", 3, "another block"),
        ("BE?", 3, "looks like one of Clodputer's marks"),
        ("!E", 1, "looks like one of Clodputer's marks"),
    ],
)
def test_marks_that_make_no_block_are_refused(lines: str, line: int, what: str) -> None:
    """With the number of the line; whoever edited there is not overruled."""
    digest = "0" * 64
    meant = {
        "B": f"# BEGIN clodputer 1.0 sha256:{digest} added {HOME}",
        "b": f"# BEGIN clodputer 1.0 sha256:{digest} added {OTHER}",
        "E": f"# END clodputer {HOME}",
        "e": f"# END clodputer {OTHER}",
        "?": "  #END clodputer",
        "!": f"# BEGIN clodputer 1.0 sha256:{digest[:-1]} added {HOME}",
    }
    table = "".join(meant.get(letter, "0 0 * * * x") + "\n" for letter in lines).encode()
    for act in (cron_block.read, put):
        with pytest.raises(ClodputerError) as caught:
            act(table)
        assert caught.value.code == "crontab_marks"
        assert caught.value.message.startswith(f"line {line} ")
        assert what in caught.value.message


def test_the_person_s_lines_are_told_with_their_numbers() -> None:
    table = b"# mine\n" + (put(None) or b"") + b"0 0 * * * x"
    assert cron_block.outside(table, cron_block.read(table)) == [(1, "# mine"), (8, "0 0 * * * x")]


@given(
    some.lists(
        some.sampled_from([b"x\n", b"\n", b"# BEGIN clodputer\n", b"# END clodputer /a\n", b"y", b"\xff\n"])
    )
)
def test_any_table_is_kept_or_refused(parts: list[bytes]) -> None:
    table = b"".join(parts)
    try:
        within = put(table)
    except ClodputerError as error:
        assert error.code == "crontab_marks"  # noqa: PT017
        return
    assert put(within, units={}) == table
