"""`clodputer explain`: what a code means, and what to do about it."""

from __future__ import annotations

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.prose import hung
from clodputer.cli.terminal.table import Column, table
from clodputer.views import explain as views
from clodputer.views.explain import WAIT, Explanation

COLUMNS = (Column("CODE"), Column("OF"), Column("MEANING", gives_way=True))


@click.command()
@click.argument("code", default="")
@json_option
def command(code: str) -> Result:
    """Say what a code means, and what to do about it.

    CODE is the reason for which a run ended (`reason` in a record, in `runs` and in `show`) or for which a request waits
    (in `queue`, `why` and `status`). Without CODE all of them are listed. It needs no home.

    \b
    Examples:
      clodputer explain denied
      clodputer explain --json
    """
    found = views.explain(code) if code else views.everything()
    return Result({"codes": [one.to_json() for one in found]}, _page(found) if code else _list(found))


def _page(found: list[Explanation]) -> str:
    return "\n\n".join(
        "\n".join(
            filter(
                None,
                (
                    f"{ink(one.code, 'bold')}: {_of(one)}",
                    hung(f"  {one.meaning}"),
                    hung(f"  {_do(one)}") if one.remedy else "",
                ),
            )
        )
        for one in found
    )


def _of(one: Explanation) -> str:
    return "why a request waits" if one.of == WAIT else f"why a run ended as {one.outcome}"


def _do(one: Explanation) -> str:
    return one.remedy.replace("{task}", "TASK")


def _list(found: list[Explanation]) -> str:
    return table(COLUMNS, [(one.code, one.outcome or "waiting", one.meaning) for one in found])
