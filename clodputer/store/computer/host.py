"""Readings of the machine: how busy it is, how it is powered, and whether anybody is there. Imports psutil."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Optional

import psutil

# Over how many seconds the load of the processors is measured.
MOMENT = 0.2


def cpu_percent() -> float:
    """How busy all processors are together, in percent; takes MOMENT seconds."""
    return float(psutil.cpu_percent(interval=MOMENT))


def memory_percent() -> float:
    """The share of the memory that cannot be had without swapping, in percent."""
    return float(psutil.virtual_memory().percent)


def plugged() -> Optional[bool]:
    """Whether the computer is on mains power; a computer without a battery is. None when that is not known."""
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is None:
        return True
    return None if battery.power_plugged is None else bool(battery.power_plugged)


def network() -> bool:
    """Whether any interface but the loopback is up and has an address."""
    up = {name for name, status in psutil.net_if_stats().items() if status.isup}
    return any(
        address.family.name in ("AF_INET", "AF_INET6") and not _local(address.address)
        for name, addresses in psutil.net_if_addrs().items()
        if name in up
        for address in addresses
    )


def idle(now: float) -> Optional[float]:
    """Seconds since somebody last typed: at the desktop of a Mac, and in any terminal; None when nobody is logged in."""
    moments = [seconds for seconds in (_desktop(), _terminals(now)) if seconds is not None]
    return min(moments, default=None)


def _local(address: str) -> bool:
    return address.startswith(("127.", "::1", "fe80:"))


def _terminals(now: float) -> Optional[float]:
    # Reading from a terminal changes its time of access, as `w` and `who -u` know.
    ages = []
    for user in psutil.users():
        try:
            ages.append(max(0.0, now - os.stat(f"/dev/{user.terminal}").st_atime))
        except (OSError, TypeError):
            continue
    return min(ages, default=None)


def _desktop() -> Optional[float]:
    """The idle time of a Mac's keyboard and mouse, which the system counts in nanoseconds."""
    if sys.platform != "darwin":
        return None
    try:
        listing = subprocess.run(
            ["/usr/sbin/ioreg", "-c", "IOHIDSystem", "-d", "4"],
            capture_output=True,
            timeout=5,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    _, found, rest = listing.partition(b'"HIDIdleTime" = ')
    number = rest.split(b"\n", 1)[0].strip()
    return int(number) / 1e9 if found and number.isdigit() else None
