#!/bin/sh
# podman.sh FOLDER UID COMMAND...: run a command as an account that podman can work for, in name spaces of its own.
#
# Nothing of this machine is changed: the account, its range of numbers and the cgroups exist in this mount name space alone, and
# all that is left in the process name space ends with it.
set -eu
folder=$1 uid=$2
shift 2
mount --make-rprivate /
(cat /etc/passwd; echo "cp-agent:x:$uid:$uid::$folder:/bin/sh") >"$folder/passwd"
(cat /etc/group; echo "cp-agent:x:$uid:") >"$folder/group"
echo "cp-agent:300000:65536" >"$folder/subid"
mount --bind "$folder/passwd" /etc/passwd
mount --bind "$folder/group" /etc/group
mount --bind "$folder/subid" /etc/subuid
mount --bind "$folder/subid" /etc/subgid
# crun does not work with cgroups of both versions.
if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
    umount -R /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
fi
mkdir -p "$folder/.config/containers" "$folder/run"
cat >"$folder/.config/containers/containers.conf" <<'TOML'
[containers]
cgroups = "disabled"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
TOML
printf '[storage]\ndriver = "vfs"\n' >"$folder/.config/containers/storage.conf"
chown -R "$uid:$uid" "$folder/.config" "$folder/run"
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
