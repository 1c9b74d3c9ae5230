"""Who sent a webhook: the signature over the raw body, the moment that is signed with it, and the id of the delivery."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from clodputer.model.webhook.http import Refused

# How far the clocks of sender and receiver may be apart, in seconds: what Standard Webhooks 1.0.0, Slack and Stripe advise.
TOLERANCE = 300.0
# A secret of fewer bytes can be found by trying.
SHORTEST_SECRET = 8

_WRONG = "the signature does not fit"
_PREFIX = "whsec_"
# Names of deliveries become part of a dedupe key, and are in our log.
_DELIVERY = re.compile(r"[A-Za-z0-9_.:=+-]{1,200}")


class Scheme(NamedTuple):
    """How a kind of sender signs.

    header: where the signatures stand. signed: the parts that are signed, joined by `between`; `v0` stands for itself. split:
    what is between several signatures. prefix: of one signature. hexadecimal: its form, else base64. time, id: the headers
    with the moment (epoch seconds) and the id of the delivery; empty for none. plain: nothing is signed, and the header holds
    the secret itself.
    """

    header: str
    signed: tuple[str, ...] = ("body",)
    between: bytes = b""
    split: str = ""
    prefix: str = ""
    hexadecimal: bool = True
    time: str = ""
    id: str = ""
    plain: bool = False


# By their documentation (November 2026): docs.github.com "Validating webhook deliveries", standardwebhooks.com 1.0.0,
# api.slack.com "Verifying requests from Slack", docs.gitlab.com "Webhooks".
SCHEMES: Mapping[str, Scheme] = {
    "github": Scheme("x-hub-signature-256", prefix="sha256=", id="x-github-delivery"),
    "standard": Scheme(
        "webhook-signature",
        ("id", "time", "body"),
        between=b".",
        split=" ",
        prefix="v1,",
        hexadecimal=False,
        time="webhook-timestamp",
        id="webhook-id",
    ),
    "slack": Scheme(
        "x-slack-signature",
        ("v0", "time", "body"),
        between=b":",
        prefix="v0=",
        time="x-slack-request-timestamp",
    ),
    "gitlab": Scheme("x-gitlab-token", id="idempotency-key", plain=True),
    "generic": Scheme("x-signature-256", prefix="sha256=", id="x-delivery-id"),
}
# GitLab signs as Standard Webhooks does where a signing token is set.
_ALSO_STANDARD = "gitlab"


def verify(kind: str, secrets: Iterable[str], headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The id of the delivery, "" where the sender gives none, of a request that one of `secrets` has signed.

    First the signature is compared, over the raw bytes and in constant time, then the moment. Raises Refused.
    """
    if kind == _ALSO_STANDARD and "webhook-signature" in headers:
        kind = "standard"
    scheme = SCHEMES[kind]
    known = [secret for secret in secrets if is_long_enough(kind, secret)]
    if not known:
        raise Refused(503, "the secret of this webhook is not set", {"Retry-After": "300"})
    if not _signed(kind, scheme, known, headers, body):
        raise Refused(401, _WRONG)
    if scheme.time:
        _check_moment(headers.get(scheme.time, ""), now)
    delivery = headers.get(scheme.id, "") if scheme.id else ""
    if delivery and not _DELIVERY.fullmatch(delivery):
        raise Refused(400, f"{scheme.id} is not an id")
    return delivery


def is_long_enough(kind: str, secret: str) -> bool:
    """Whether a secret cannot be found by trying; what counts are the bytes that it stands for."""
    return len(_key(kind, secret)) >= SHORTEST_SECRET


def headers(kind: str) -> frozenset[str]:
    """The headers by which a delivery is verified and known; each is in a request once."""
    kinds = (kind, "standard") if kind == _ALSO_STANDARD else (kind,)
    schemes = [SCHEMES[one] for one in kinds]
    return frozenset(name for one in schemes for name in (one.header, one.time, one.id) if name)


def _signed(kind: str, scheme: Scheme, secrets: list[str], headers: Mapping[str, str], body: bytes) -> bool:
    given = headers.get(scheme.header, "").encode("latin-1", "replace")
    if scheme.plain:
        # Every secret is compared, so that the time does not say which one it was.
        return sum(hmac.compare_digest(secret.encode(), given) for secret in secrets) > 0
    parts = {
        "v0": b"v0",
        "id": headers.get(scheme.id, "").encode("latin-1", "replace"),
        "time": headers.get(scheme.time, "").encode("latin-1", "replace"),
        "body": body,
    }
    signed = scheme.between.join(parts[name] for name in scheme.signed)
    signatures = [one.strip() for one in (given.split(scheme.split.encode()) if scheme.split else [given])]
    prefix = scheme.prefix.encode()
    # A header can hold thousands; a sender that rotates its key sends two or three.
    wanted = [one[len(prefix) :] for one in signatures[:10] if one.startswith(prefix)]
    fits = False
    for secret in secrets:
        digest = hmac.new(_key(kind, secret), signed, hashlib.sha256)
        own = digest.hexdigest().encode() if scheme.hexadecimal else base64.b64encode(digest.digest())
        for one in wanted:
            fits |= hmac.compare_digest(own, one.lower() if scheme.hexadecimal else one)
    return fits


def _key(kind: str, secret: str) -> bytes:
    """The bytes of a secret. Those of Standard Webhooks are written in base64, after `whsec_`."""
    if kind != "standard":
        return secret.encode("utf-8", "replace")
    plain = secret.removeprefix(_PREFIX)
    try:
        return base64.b64decode(plain.encode(), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode("utf-8", "replace")


def _check_moment(given: str, now: float) -> None:
    if not re.fullmatch(r"[0-9]{1,12}", given):
        raise Refused(400, "the moment of the request is not a number of seconds")
    if abs(int(given) - now) > TOLERANCE:
        raise Refused(
            401, f"the request was signed more than {TOLERANCE:.0f} s before or after now, by our clock"
        )
