#!/bin/bash
# A computer for tests: a real systemd as its first process, logind, D-Bus, and an account; switched on and off as ordered, in
# namespaces of its own, so that nothing of it outlives this script and nothing of the machine around it is changed.
#
#   systemd_boot.sh FOLDER ACCOUNT NUMBER PLACE... [-- BAR...]
#
# FOLDER/home is the home of ACCOUNT, whose user id is NUMBER, and FOLDER/linger says who may linger: these two are what the
# computer has for a disk. PLACEs are folders that everybody on it can read; BARs are those that bar the way to them here.
# Each line on stdin is an order: `on`; `off` (shut down in order); `cut` (the power fails). It is answered by a line on stdout:
# `on PID`, with the id that its first process has here, for nsenter; or `off`. The end of stdin ends it all.
# Says on stderr what it needs and does not have, and exits 77 when that can be installed or given (systemd, root), 78 when the
# kernel or the container around us does not have it (a cgroup2 mount, namespaces).
set -eu
# Those of this machine, whatever a test has put before them.
PATH=/usr/sbin:/usr/bin:/sbin:/bin

unable() {
    echo "$1" >&2
    exit "${2:-77}"
}

# What the kernel has for all namespaces together is not to be changed from in here: its settings, its modules, the clock.
only_read() {
    mount --bind "$1" "$1"
    mount -o remount,bind,ro "$1"
}

# Everything above PLACEs that not everybody may enter, and /tmp, are replaced by empty folders with the PLACEs in them.
clear_the_way() {
    local number=0 place
    for place in "${places[@]}"; do
        number=$((number + 1))
        mkdir -p "$stage/$number"
        mount --bind "$place" "$stage/$number"
    done
    for bar in "${bars[@]}"; do mount -t tmpfs -o mode=755 none "$bar"; done
    chmod 1777 /tmp
    number=0
    for place in "${places[@]}"; do
        number=$((number + 1))
        mkdir -p "$place"
        mount --bind "$stage/$number" "$place"
        umount "$stage/$number"
    done
}

devices() {
    local made=$stage/dev
    mkdir "$made"
    mount -t tmpfs -o mode=755 none "$made"
    for name in null zero full random urandom tty; do
        : >"$made/$name"
        mount --bind "/dev/$name" "$made/$name"
    done
    mkdir "$made/shm" "$made/pts"
    mount -t tmpfs -o mode=1777 none "$made/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 none "$made/pts"
    ln -s pts/ptmx "$made/ptmx"
    ln -s /proc/self/fd "$made/fd"
    ln -s fd/0 "$made/stdin"
    ln -s fd/1 "$made/stdout"
    ln -s fd/2 "$made/stderr"
    mount --rbind "$made" /dev
    umount -R "$made"
}

# A copy of /etc, with one account more, sessions that need no password, and nothing that systemd would start by itself.
settings() {
    mkdir "$stage/etc"
    mount -t tmpfs -o mode=755 none "$stage/etc"
    cp -a /etc/. "$stage/etc/"
    mount --move "$stage/etc" /etc
    tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
    echo "$account:x:$number:$number::$folder/home:/bin/sh" >>/etc/passwd
    echo "$account:x:$number:" >>/etc/group
    echo "$account:*:20000:0:99999:7:::" >>/etc/shadow
    rm -rf /etc/systemd /etc/pam.d
    mkdir -p /etc/systemd/system /etc/pam.d
    for service in login systemd-user other; do
        printf '%s required pam_permit.so\n' auth account password session >"/etc/pam.d/$service"
    done
    # As with the usual settings: su makes no session for who is in one already.
    cp /etc/pam.d/other /etc/pam.d/su
    echo 'session required pam_systemd.so' >>/etc/pam.d/login
    echo 'session required pam_systemd.so' >>/etc/pam.d/systemd-user
    # Usually ten seconds pass between the last logout and the end of what the account has running.
    printf '[Login]\nUserStopDelaySec=0\n' >/etc/systemd/logind.conf
    cat >/etc/systemd/system/lab.target <<'END'
[Unit]
Requires=basic.target dbus.service systemd-logind.service
Wants=systemd-user-sessions.service
After=basic.target dbus.service systemd-logind.service systemd-user-sessions.service
AllowIsolate=yes
END
    for unit in modprobe@drm.service tmp.mount; do ln -s /dev/null "/etc/systemd/system/$unit"; done
    for folder_of_wants in /lib/systemd/system/*.target.wants /lib/systemd/system-generators; do
        mount -t tmpfs -o mode=755 none "$folder_of_wants"
    done
}

case ${1-} in
    --enter) # in namespaces, but in the cgroup of whoever called: into one that is this computer's alone
        shift
        echo 0 >"$1/cgroup.procs"
        shift
        exec unshare --cgroup bash "$0" --boot "$@"
        ;;
    --boot)
        folder=$2 account=$3 number=$4
        shift 4
        places=() bars=(/tmp)
        while [ $# -gt 0 ] && [ "$1" != -- ]; do places+=("$1"); shift; done
        if [ $# -gt 0 ]; then shift; fi
        bars+=("$@")
        mount --make-rprivate /
        mount -t proc proc /proc
        mount -t tmpfs -o mode=755 none /run
        stage=/run/stage
        mkdir /run/lock "$stage"
        settings
        devices
        clear_the_way
        for part in log spool tmp lib/systemd; do mount -t tmpfs -o mode=755 none "/var/$part"; done
        chmod 1777 /var/tmp
        # There is a crontab, and nobody who would ring for it.
        mkdir -m 1777 -p /var/spool/cron/crontabs /var/lib/systemd/linger
        chmod 755 /var/lib/systemd/linger
        mount --bind "$folder/linger" /var/lib/systemd/linger
        umount -l /sys/fs/cgroup
        only_read /sys
        mount -t cgroup2 none /sys/fs/cgroup
        # The name of this boot: after each start another one, though the kernel stays the same.
        cat /proc/sys/kernel/random/uuid >/run/boot-id
        only_read /proc/sys
        mount --bind /run/boot-id /proc/sys/kernel/random/boot_id
        ip link set lo up 2>/dev/null || true
        not=-sys_module,-sys_time,-sys_rawio,-syslog,-mknod
        exec setpriv --bounding-set "$not" --inh-caps "$not" env -i container=lab "PATH=$PATH" \
            /lib/systemd/systemd --system --unit=lab.target --show-status=no </dev/null >/dev/null 2>&1
        ;;
esac

[ "$(id -u)" = 0 ] || unable "needs root"
[ -x /lib/systemd/systemd ] || unable "systemd is not installed"
[ -e /lib/systemd/system/dbus.service ] || unable "dbus is not installed"
compgen -G '/lib*/security/pam_systemd.so' >/dev/null || compgen -G '/lib/*/security/pam_systemd.so' >/dev/null ||
    unable "libpam-systemd is not installed"
hierarchy=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$hierarchy" ] || unable "no cgroup2 is mounted" 78
folder=$1 number=$3
# What a script that was killed could not remove.
for left in "$hierarchy"/clodputer-computer.*; do
    if [ -d "$left" ] && ! kill -0 "${left##*.}" 2>/dev/null; then
        find "$left" -depth -type d -exec rmdir {} + 2>/dev/null || true
    fi
done
group=$hierarchy/clodputer-computer.$$
mkdir "$group" 2>/dev/null || unable "$hierarchy cannot be written to" 78
unshare --mount --pid --fork true 2>/dev/null || { rmdir "$group"; unable "namespaces are not allowed here" 78; }
install -d -o "$number" -g "$number" -m 700 "$folder/home"
mkdir -p "$folder/linger"
# The way to the home is open to its person.
chmod 755 "$folder"
machine= first=

# An end in order takes each service's time; after a minute it is no longer waited for.
await_end() {
    local status=0
    for _ in $(seq 1200); do
        kill -0 "$machine" 2>/dev/null || break
        sleep 0.05
    done
    if kill -9 "$machine" 2>/dev/null; then status=70; fi
    wait "$machine" 2>/dev/null || true
    machine= first=
    for _ in $(seq 100); do
        # The processes in it are killed by now, but the kernel takes its time to bury them.
        find "$group" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || true
        [ -n "$(find "$group" -mindepth 1 -type d)" ] || break
        sleep 0.05
    done
    return "$status"
}

cut() {
    [ -n "$machine" ] || return 0
    kill -9 "${first:-$machine}" 2>/dev/null || true
    await_end
}

clean_up() {
    cut
    rmdir "$group" 2>/dev/null || true
}
trap clean_up EXIT

inside() {
    nsenter --target "$first" --mount --pid --uts --ipc --net --cgroup "$@"
}

on() {
    mkdir "$group/machine"
    # Whatever ends this script, the computer goes with it.
    setpriv --pdeathsig KILL unshare --mount --pid --uts --ipc --net --fork --kill-child \
        bash "$0" --enter "$group/machine" "$@" &
    machine=$!
    for _ in $(seq 400); do
        read -r first _ <"/proc/$machine/task/$machine/children" || true
        if [ -n "$first" ]; then
            case $(inside systemctl is-system-running 2>/dev/null || true) in
                running | degraded) return ;;
            esac
        fi
        kill -0 "$machine" 2>/dev/null || break
        sleep 0.05
    done
    echo "it did not boot; units that failed, and jobs that wait:" >&2
    if [ -n "$first" ]; then inside systemctl --failed >&2; inside systemctl list-jobs >&2; fi || true
    exit 70
}

while read -r order; do
    case $order in
        on) on "$@" && echo "on $first" ;;
        off)
            # It may go before it can answer.
            inside systemctl poweroff 2>/dev/null || true
            await_end || unable "it would not shut down" 70
            echo off
            ;;
        cut) cut && echo off ;;
    esac
done
