#!/bin/sh
# Everything that Debian's cron looks at, private and empty, in the mount and process namespaces that this is started in:
#   unshare --mount --pid --fork --kill-child --mount-proc crond.sh READY
# Makes the file READY, then waits until its stdin ends; with it all that was started in these namespaces ends.
# tests/system/crond.py starts it, and the daemon in it.
set -eu
mount --make-rprivate /
mount -t tmpfs -o mode=755 none /var/spool/cron
install -d -m 1730 -g crontab /var/spool/cron/crontabs
mount -t tmpfs -o mode=755 none /etc/cron.d
mount -t tmpfs -o mode=755 none /run
: >/run/crontab
mount --bind /run/crontab /etc/crontab
: >"$1"
cat >/dev/null
