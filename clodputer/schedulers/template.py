"""The text of a unit, from its template."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from clodputer.model.errors import ClodputerError
from clodputer.store.program import templates

if TYPE_CHECKING:
    from jinja2 import Template


def filled(name: str, values: Mapping[str, object], *, xml: bool = False) -> str:
    """The template of that name, such as `cron/task.j2`, filled in.

    xml: values are escaped, and white space stays; else nothing is escaped, as each value comes fit for its place, and the
    lines of tags leave no trace. Raises ClodputerError ("template_missing").
    """
    return _compiled(templates.folder(), name, xml).render(values)


@lru_cache(maxsize=8)
def _compiled(folder: str, name: str, xml: bool) -> Template:
    """The template, kept: a home may have hundreds of units."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    path = f"{folder}/{name}"
    try:
        with open(path, encoding="utf-8") as file:
            source = file.read()
    except OSError as error:
        raise ClodputerError(
            "template_missing",
            f"{path} cannot be read: {error.strerror}",
            "Install Clodputer again; this copy is incomplete.",
        ) from None
    engine = SandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=xml,
        trim_blocks=not xml,
        lstrip_blocks=not xml,
        keep_trailing_newline=True,
    )
    return engine.from_string(source)
