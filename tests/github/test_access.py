"""Where GitHub's token may go with a push: to the service whose API it is for, and to nobody else."""

from __future__ import annotations

import pytest

from clodputer.github.access import Server

API = "https://api.github.com"
OWN = "https://github.example.org/api/v3"
HERE = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("api", "url", "takes"),
    [
        (API, "https://github.com/o/r.git", True),
        (API, "https://GitHub.com/o/r.git", True),
        (API, "https://github.com:443/o/r", True),
        (API, "http://github.com/o/r.git", False),
        (API, "https://gitlab.com/o/r.git", False),
        (API, "https://github.com.example.org/o/r.git", False),
        (API, "https://me:word@github.com/o/r.git", False),
        (API, "https://me@github.com/o/r.git", False),
        (API, "ssh://git@github.com/o/r.git", False),
        (API, "git@github.com:o/r.git", False),
        (API, "/srv/git/o/r.git", False),
        (API, "https://github.com'; touch x; '/o/r.git", False),
        (API, "http://127.0.0.1:3000/o/r.git", False),
        (OWN, "https://github.example.org/o/r.git", True),
        (OWN, "https://github.com/o/r.git", False),
        ("https://api.acme.ghe.com", "https://acme.ghe.com/o/r.git", True),
        (HERE, "http://127.0.0.1:3000/o/r.git", True),
        (HERE, "http://[::1]:3000/o/r.git", True),
        (HERE, "https://github.com/o/r.git", True),
        (HERE, "http://192.168.0.2/o/r.git", False),
        (HERE, "https://gitlab.com/o/r.git", False),
    ],
)
def test_where_a_token_may_go(api: str, url: str, *, takes: bool) -> None:
    assert Server(api, "ghp_x", {}).takes_pushes(url) is takes
