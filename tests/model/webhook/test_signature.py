"""Who sent a webhook: the test vectors that senders publish, and everything that must be refused."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from clodputer.model.webhook.http import Refused
from clodputer.model.webhook.signature import verify

# From docs.github.com, the specification of Standard Webhooks 1.0.0, and api.slack.com.
GITHUB = (
    "github",
    "It's a Secret to Everybody",
    {
        "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "x-github-delivery": "d1",
    },
    b"Hello, World!",
    0.0,
    "d1",
)
STANDARD = (
    "standard",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,bm9uZQ== v1a,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    b'{"test": 2432232314}',
    1614265330.0,
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
)
SLACK = (
    "slack",
    "8f742231b10e8888abcd99yyyzzz85a5",
    {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    },
    (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
        b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
        b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
        b"803a0bc887a14d10d2c447fce8b6703c"
    ),
    1531420618.0,
    "",
)
GITLAB = (
    "gitlab",
    "a token of gitlab",
    {"x-gitlab-token": "a token of gitlab", "idempotency-key": "k"},
    b"{}",
    0.0,
    "k",
)
GENERIC = (
    "generic",
    "some secret",
    {"x-signature-256": "sha256=" + hmac.new(b"some secret", b"{}", hashlib.sha256).hexdigest().upper()},
    b"{}",
    0.0,
    "",
)
ALL = [GITHUB, STANDARD, SLACK, GITLAB, GENERIC]
Case = tuple[str, str, dict[str, str], bytes, float, str]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case[0])
def test_a_published_vector_fits(case: Case) -> None:
    kind, secret, headers, body, now, delivery = case
    assert verify(kind, [secret], headers, body, now) == delivery
    # While a secret is being changed either of two may have signed.
    assert verify(kind, ["another secret", secret], headers, body, now) == delivery


@pytest.mark.parametrize("case", ALL, ids=lambda case: case[0])
def test_whatever_is_changed_is_refused(case: Case) -> None:
    kind, secret, headers, body, now, _ = case
    tried: list[tuple[list[str], dict[str, str], bytes]] = [([secret + "x"], headers, body)]
    if kind != "gitlab":
        tried.append(([secret], headers, body + b" "))
    for name, value in headers.items():
        if name in ("x-github-delivery", "idempotency-key"):
            continue
        tried += [
            ([secret], {**headers, name: changed}, body) for changed in ("", "é", value[:-1], value + "0")
        ]
        tried.append(([secret], {key: text for key, text in headers.items() if key != name}, body))
    for secrets, sent, received in tried:
        with pytest.raises(Refused) as refused:
            verify(kind, secrets, sent, received, now)
        assert refused.value.status in (400, 401)


@pytest.mark.parametrize("secrets", [[], [""], ["short"]])
def test_nothing_is_taken_without_a_secret(secrets: list[str]) -> None:
    kind, _, headers, body, now, _ = GITHUB
    with pytest.raises(Refused) as refused:
        verify(kind, secrets, headers, body, now)
    assert refused.value.status == 503


@pytest.mark.parametrize("case", [STANDARD, SLACK], ids=lambda case: case[0])
def test_a_request_that_is_replayed_later_is_refused(case: Case) -> None:
    kind, secret, headers, body, now, delivery = case
    for away in (-301.0, 301.0):
        with pytest.raises(Refused) as refused:
            verify(kind, [secret], headers, body, now + away)
        assert refused.value.status == 401
    for near in (-299.0, 299.0):
        assert verify(kind, [secret], headers, body, now + near) == delivery


def test_gitlab_with_a_signing_token_signs_as_standard_webhooks_do() -> None:
    _, secret, headers, body, now, delivery = STANDARD
    assert verify("gitlab", [secret], headers, body, now) == delivery
    with pytest.raises(Refused):
        verify(
            "gitlab", [secret], {**headers, "x-gitlab-token": secret, "webhook-signature": "v1,"}, body, now
        )


def test_an_id_that_is_none_is_refused() -> None:
    kind, secret, headers, body, now, _ = GITHUB
    for bad in ("a/../b", "a b", "x" * 201, "\x7f"):
        with pytest.raises(Refused) as refused:
            verify(kind, [secret], {**headers, "x-github-delivery": bad}, body, now)
        assert refused.value.status == 400


def test_a_secret_of_standard_webhooks_may_be_any_text() -> None:
    """Some senders show it without the prefix, others let the person choose it."""
    headers = {"webhook-id": "i", "webhook-timestamp": "7"}
    signed = base64.b64encode(hmac.new(b"not base64!", b"i.7.{}", hashlib.sha256).digest()).decode()
    assert (
        verify("standard", ["not base64!"], {**headers, "webhook-signature": f"v1,{signed}"}, b"{}", 7.0)
        == "i"
    )
