"""Secrets of many kinds, made up: for each, a text as people have it and the part of it that nobody may see."""

from __future__ import annotations

# Written apart, so that no scanner takes this file for a leak.
A = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7"
HEX = "0a1b2c3d4e5f67890a1b2c3d4e5f6789"


def _one(before: str, secret: str, after: str = "") -> tuple[str, str]:
    return f"{before}{secret}{after}", secret


PLANTED: dict[str, tuple[str, str]] = {
    "anthropic": _one("", "sk-" + f"ant-api03-{A}"),
    "openai": _one("key ", "sk-" + f"proj-{A}{A}"),
    "github": _one("", "gh" + f"p_{A}0123456789"),
    "github-fine": _one("", "github" + f"_pat_{A}{A}"),
    "gitlab": _one("", "gl" + f"pat-{A}"),
    "aws-id": _one("", "AK" + "IAIOSFODNN7EXAMPLE"),
    "aws-secret": _one("aws_secret_access_key = ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    "google": _one("", "AI" + f"za{A}01234567"),
    "slack": _one("", "xo" + f"xb-{HEX}"),
    "slack-webhook": _one("", "https://hooks.slack" + f".com/services/T0123/B0123/{A}"),
    "stripe": _one("", "sk_" + f"live_{A}"),
    "npm": _one("//registry.npmjs.org/:_authToken=", "npm" + f"_{A}012345678"),
    "pypi": _one("", "pypi" + f"-AgE{A}{A}"),
    "huggingface": _one("", "hf" + f"_{A}012345"),
    "jwt": _one("", f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{A}"),
    "bearer": _one("Authorization: Bearer ", A),
    "basic": _one("Authorization: Basic ", "dXNlcjpwYXNzd29yZDEyMw=="),
    "password-in-url": _one("postgres://me:", "hunter2hunter2", "@db.example.org/x"),
    "private-key": _one("", f"-----BEGIN RSA PRIVATE KEY-----\n{A}{A}\n{HEX}\n-----END RSA PRIVATE KEY-----"),
    "twilio": _one("", f"SK{HEX}"),
    "sendgrid": _one("", f"SG.{A}.{A}"),
    "telegram": _one("bot", f"123456789:{A}01234567"),
    "discord": _one("", f"https://discord.com/api/webhooks/1234567890/{A}"),
    "azure": _one("AccountName=x;AccountKey=", f"{A}{A}=="),
    "assignment": _one("DB_PASSWORD=", "correct-horse-battery"),
    "json-value": _one('{"client_secret": "', "s3cr3t-value-1234", '"}'),
    "yaml-value": _one("api_key: ", "abcd1234efgh"),
    "flag": _one("tool --token ", "abcd1234efgh5678"),
}
