"""The sections and keys that units of ours may have: what the shipped templates write, and what a person may want to add."""

from __future__ import annotations

from collections.abc import Mapping


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UNIT = _keys(
    """Description Documentation StartLimitIntervalSec StartLimitBurst OnFailure OnSuccess After Before Wants Requires
    ConditionACPower ConditionPathExists ConditionPathIsMountPoint ConditionHost ConditionEnvironment
    RequiresMountsFor CollectMode"""
)
_INSTALL = frozenset(["WantedBy"])
_SERVICE = _keys(
    """Type ExecStart ExecStartPre ExecStopPost ExecCondition Environment EnvironmentFile UnsetEnvironment PassEnvironment
    SyslogIdentifier SyslogLevel KillMode TimeoutStartSec TimeoutStopSec OOMPolicy OOMScoreAdjust WorkingDirectory UMask
    Nice CPUWeight CPUQuota CPUSchedulingPolicy IOWeight IOSchedulingClass IOSchedulingPriority
    MemoryHigh MemoryMax MemorySwapMax TasksMax LimitNOFILE LimitNPROC LimitCORE Slice
    StandardInput StandardOutput StandardError RuntimeMaxSec SuccessExitStatus Restart RemainAfterExit
    NoNewPrivileges PrivateTmp PrivateUsers PrivateNetwork ProtectSystem ProtectHome ReadOnlyPaths ReadWritePaths
    InaccessiblePaths BindPaths BindReadOnlyPaths TemporaryFileSystem SystemCallFilter RestrictAddressFamilies
    RestrictSUIDSGID LockPersonality"""
)
_TIMER = _keys(
    """Unit OnCalendar OnActiveSec OnStartupSec OnBootSec OnUnitActiveSec OnUnitInactiveSec OnClockChange OnTimezoneChange
    AccuracySec Persistent WakeSystem RandomizedDelaySec FixedRandomDelay"""
)
_PATH = _keys(
    """Unit DirectoryNotEmpty PathChanged PathModified PathExists MakeDirectory DirectoryMode TriggerLimitIntervalSec
    TriggerLimitBurst"""
)
_SOCKET = _keys(
    """Accept Backlog DirectoryMode FileDescriptorName KeepAlive ListenStream MaxConnections MaxConnectionsPerSource
    SocketMode TriggerLimitBurst TriggerLimitIntervalSec"""
)

KNOWN: Mapping[str, Mapping[str, frozenset[str]]] = {
    ".service": {"Unit": _UNIT, "Service": _SERVICE, "Install": _INSTALL},
    ".timer": {"Unit": _UNIT, "Timer": _TIMER, "Install": _INSTALL},
    ".path": {"Unit": _UNIT, "Path": _PATH, "Install": _INSTALL},
    ".socket": {"Unit": _UNIT, "Socket": _SOCKET, "Install": _INSTALL},
}
