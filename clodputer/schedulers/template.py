"""The text of a unit, from its template: the person's own, else the shipped one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from clodputer.model.errors import ClodputerError

if TYPE_CHECKING:
    from jinja2 import Template


def rendered(folders: tuple[str, ...], name: str, values: Mapping[str, object], *, xml: bool = False) -> str:
    """The template of that name, such as `cron/task.j2`, of the first folder that has it, filled in.

    xml: values are escaped, and white space stays; else nothing is escaped, as each value comes fit for its place, and the
    lines of tags leave no trace. Raises ClodputerError ("template_missing", "template_broken").
    """
    from jinja2 import TemplateError

    path, source = _found(folders, name)
    try:
        return _compiled(
            tuple(f"{folder}/{os.path.dirname(name)}" for folder in folders), source, xml
        ).render(values)
    # A person may have a template of their own, and anything may come out of that.
    except (TemplateError, ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        line = f":{number}" if (number := getattr(error, "lineno", None)) else ""
        raise ClodputerError(
            "template_broken",
            f"{path}{line}: {error}",
            "Fix the template, or remove it to use the one that comes with Clodputer.",
        ) from None


def _found(folders: tuple[str, ...], name: str) -> tuple[str, str]:
    for folder in folders:
        path = f"{folder}/{name}"
        try:
            with open(path, encoding="utf-8") as file:
                return path, file.read()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ClodputerError(
                "template_broken", f"{path} cannot be read: {error}", "Fix or remove it."
            ) from None
    raise ClodputerError(
        "template_missing",
        f"there is no template {name} in {', '.join(folders) or 'no folder'}",
        "Install Clodputer again; this copy is incomplete.",
    )


@lru_cache(maxsize=8)
def _compiled(folders: tuple[str, ...], source: str, xml: bool) -> Template:
    """The template, which may include others in these folders; kept, as a home may have hundreds of units."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    engine = SandboxedEnvironment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=xml,
        trim_blocks=not xml,
        lstrip_blocks=not xml,
        keep_trailing_newline=True,
    )
    return engine.from_string(source)
