"""A link by which a person approves or denies a request: a page that asks once more, and the decision itself."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from json import dumps
from urllib.parse import parse_qs

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.approval import APPROVED, ENDING
from clodputer.model.numbers.digest import digest
from clodputer.model.webhook.http import Refused
from clodputer.runner.receive.answer import Answer
from clodputer.runner.requests import approve
from clodputer.store.context import Context
from clodputer.store.files import atomic

# Nothing is loaded, nothing is run, and the address with the token is handed to nobody.
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 32rem; margin: 4rem auto; padding: 0 1rem }}
button {{ font: inherit; padding: .6rem 1.4rem; cursor: pointer }}
</style></head><body><h1>{title}</h1><p>{text}</p>{more}</body></html>
"""
_FORM = '<form method="post"><button>{label}</button></form>'


def ask(context: Context, query: str, now: float) -> Answer:
    """The page that asks. Opening a link decides nothing: many a program opens every link of a message.

    Raises Refused.
    """
    try:
        token = approve.token_of(context, _token(query), now)
    except ClodputerError as error:
        return _page(403, "Not possible", f"{error.message[:1].upper()}{error.message[1:]}.")
    except OSError as error:
        raise Refused(503, f"this cannot be looked up: {error.strerror}", {"Retry-After": "60"}) from None
    word = "Approve" if token.wish == APPROVED else "Deny"
    text = f"Request {token.request_id} asks to run."
    return _page(200, f"{word} it?", text, _FORM.format(label=word))


def decide(context: Context, query: str, now: float) -> Answer:
    """Take the decision, and say what became of it. Raises Refused."""
    text = _token(query)
    try:
        decided = approve.decide_by_token(context, text, "", "", now)
    except ClodputerError as error:
        status = 403 if error.code == approve.INVALID_TOKEN else 409
        return _page(
            status,
            "Not done",
            f"{error.message[:1].upper()}{error.message[1:]}. {error.hint}".rstrip(". ") + ".",
        )
    except OSError as error:
        raise Refused(503, f"this cannot be written down: {error.strerror}", {"Retry-After": "60"}) from None
    # The decision stands. This file has the scheduler start an exec, for which it is the same decision once more.
    name = f"link-{digest(text.encode(), 8)}{ENDING}"
    try:
        atomic.write(
            f"{context.home.new}/{name}", dumps({"token": text}).encode() + b"\n", through=context.home.tmp
        )
    except OSError:
        pass  # the next alarm does what is left to do
    what = "It runs when its turn comes." if decided.decision == APPROVED else "It will not run."
    already = " That had been decided before." if decided.already else ""
    return _page(
        200, decided.decision.capitalize(), f"Request {decided.request_id} of {decided.task}. {what}{already}"
    )


def _token(query: str) -> str:
    """The token in the query of an address; whatever comes before it in `approve_link` does not matter."""
    try:
        found = parse_qs(query, max_num_fields=20)
    except ValueError:
        found = {}
    return next(
        (values[0] for values in found.values() if len(values) == 1 and values[0].count(".") == 4), ""
    )


def _page(status: int, title: str, text: str, more: str = "") -> Answer:
    page = _PAGE.format(title=escape(title), text=escape(text), more=more)
    return Answer(status, page, _HEADERS, "text/html; charset=utf-8")
