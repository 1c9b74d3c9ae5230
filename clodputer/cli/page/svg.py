"""Elements of SVG as text that may be in HTML: every attribute and every text in them is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape

from clodputer.cli.terminal.printable import printable


def element(name: str, *inside: Any, **attributes: Any) -> Markup:
    """One element. Attributes are named as in SVG, with `_` for `-` and a `_` behind words of Python; None leaves one out.

    inside: Markup as it is; any other text is escaped, and its control characters are shown.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{value(one)}"'
        for key, one in attributes.items()
        if one is not None
    )
    content = "".join(text(one) for one in inside)
    return Markup(f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>")  # noqa: S704 (escaped)


def text(of: Any) -> Markup:
    """A text that may be between tags."""
    return of if isinstance(of, Markup) else escape(printable(str(of)))


def value(of: Any) -> Markup:
    """A value of an attribute; numbers with at most two decimals."""
    if isinstance(of, float):
        of = f"{of:.2f}".rstrip("0").rstrip(".")
    return escape(printable(str(of)))


def joined(parts: Iterable[Markup]) -> Markup:
    """Several elements, one after the other."""
    return Markup("").join(parts)


def drawing(
    name: str, title: str, inside: Iterable[Markup], room: tuple[float, float], **attributes: Any
) -> Markup:
    """A drawing that a screen reader reads as its title. name: its class. room: its width and height, in its own units."""
    size = " ".join(map(str, map(value, map(float, room))))
    return element(
        "svg", element("title", title), *inside, class_=name, viewBox=f"0 0 {size}", role="img", **attributes
    )
