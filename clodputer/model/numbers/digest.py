"""A short name for data of any length, as hexadecimal digits."""

from __future__ import annotations


def digest(data: bytes, size: int = 16) -> str:
    """The BLAKE2b hash of the data, of `size` bytes."""
    # hashlib loads OpenSSL, three megabytes of it: most runs hash nothing.
    from hashlib import blake2b

    return blake2b(data, digest_size=size).hexdigest()
