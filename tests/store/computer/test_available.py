"""How much memory is free, read from figures of the system as they really look."""

from __future__ import annotations

import sys

import pytest

from clodputer.store.computer import available

# As `vm_stat` of macOS 14 prints it.
VM_STAT = """\
Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            300000.
Pages inactive:                           20000.
Pages speculative:                          500.
Pages throttled:                              0.
Pages wired down:                        150000.
Pages purgeable:                            250.
"""


def test_what_vm_stat_says() -> None:
    """Free, inactive, speculative and purgeable pages can be had; other text says nothing."""
    assert available.pages(VM_STAT) == 16384 * 30750
    assert available.pages("") is available.pages("vm_stat: command failed") is None
    assert available.pages(VM_STAT.replace("10000.", "many")) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux")
def test_what_the_kernel_says() -> None:
    """No more than the machine has, as psutil reads it."""
    import psutil

    found = available.memory()
    assert found is not None
    assert 0 < found <= psutil.virtual_memory().total
