"""Secrets in files: one that config.yaml names, or a credential that systemd has put there for the service we run in."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from clodputer.store.files import plainfile
from clodputer.store.files.tilde import expand
from clodputer.store.secrets.lookup import LARGEST, Locked, Wrong

# Where systemd tells a service that its credentials lie (systemd.exec(5)).
DIRECTORY = "CREDENTIALS_DIRECTORY"
# What may be another time: a volume that is not mounted, a server that does not answer.
_PASSING = (errno.ENOENT, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENOTCONN)


def of_file(path: str, environ: Mapping[str, str]) -> bytes:
    """What the file holds. A link is followed; what counts is the mode of the file that it leads to, as for secrets.env.

    Raises Wrong when others may read it or it cannot be read, Locked when it is not there.
    """
    path = expand(path, environ)
    content, mode = _read(path)
    if mode & 0o077:
        raise Wrong(f"other users of this machine may read {path}. Fix: chmod 600 {path}")
    return content


def of_credential(name: str, environ: Mapping[str, str]) -> bytes:
    """The credential of that name. Raises Locked outside a service that has any, Wrong where this one is not among them."""
    folder = environ.get(DIRECTORY)
    if not folder:
        raise Locked(
            "systemd has given this process no credentials; the request waits for an alarm of systemd. "
            "If it is such an alarm: see docs/secrets.md for the LoadCredential= that is missing"
        )
    try:
        # systemd itself makes sure that nobody else reads it.
        return _read(f"{folder}/{name}")[0]
    except Locked:
        raise Wrong(f"systemd has given no credential {name}; add LoadCredential={name}:/its/file") from None


def _read(path: str) -> plainfile.Plain:
    try:
        return plainfile.read(path, LARGEST)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise (Locked(message) if error.errno in _PASSING else Wrong(message)) from None
    except ValueError as error:
        raise Wrong(f"{path}: {error}") from None
