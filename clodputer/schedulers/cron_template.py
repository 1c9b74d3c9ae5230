"""The lines of a unit, from its template: the person's own, else the shipped one; importing this imports jinja2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment

from clodputer.model.errors import ClodputerError


def rendered(folders: tuple[str, ...], name: str, values: Mapping[str, Any]) -> str:
    """The template `cron/NAME` of the first folder that has it, filled in. Nothing is escaped: all values are plain words.

    Raises ClodputerError.
    """
    engine = SandboxedEnvironment(
        loader=FileSystemLoader([f"{folder}/cron" for folder in folders]), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    try:
        return engine.get_template(name).render(values)
    except TemplateNotFound as error:
        raise ClodputerError(
            "template_missing",
            f"there is no template cron/{error.name} in {', '.join(folders) or 'no folder'}",
            "Install Clodputer again; this copy is incomplete.",
        ) from None
    except (TemplateError, OSError, UnicodeError, TypeError, ValueError, ArithmeticError) as error:
        line = f", line {error.lineno}" if hasattr(error, "lineno") else ""
        raise ClodputerError(
            "template_broken",
            f"the template cron/{name}{line}: {error}",
            "Mend it, or take it away to have the shipped one.",
        ) from None
