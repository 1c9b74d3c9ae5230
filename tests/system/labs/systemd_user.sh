#!/bin/bash
# Keep a real `systemd --user` going, without systemd as PID 1: in namespaces of its own, so that nothing of it outlives this script.
#
#   systemd_user.sh FOLDER
#
# FOLDER/home becomes the manager's HOME and FOLDER/run its XDG_RUNTIME_DIR; with the latter in the environment, systemctl --user
# works from outside too. Each line on stdin is an order: `start`, `stop` (the manager, as at a login and a logout). Each is
# answered by a line on stdout, `started` or `stopped`. The end of stdin ends it all.
# Says on stderr what it needs and does not have, and exits 77 when that can be installed or given (systemd, root), 78 when the
# kernel or the container around us does not have it (a cgroup2 mount, namespaces).
set -eu

if [ "${1-}" = --inside ]; then # the first process of the new namespaces; when it ends, the kernel kills all others
    folder=$2
    mount --make-rprivate /
    mount -t proc proc /proc
    mount -t tmpfs -o mode=755 none /run
    # /run/systemd/system is how everybody tells that systemd runs here.
    mkdir -p /run/systemd/system /run/systemd/unit-root /run/systemd/inaccessible /run/user
    mkdir -p "/run/user/$(id -u)" && mount --bind "$folder/run" "/run/user/$(id -u)"
    umount -l /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
    # A cgroup has either processes or children, and the manager wants one that is all its own.
    mkdir -p /sys/fs/cgroup/lab /sys/fs/cgroup/manager
    echo $$ >/sys/fs/cgroup/lab/cgroup.procs
    manager=
    clean=(env -i "HOME=$folder/home" "USER=$(id -un)" "LOGNAME=$(id -un)" SHELL=/bin/sh PATH=/usr/local/bin:/usr/bin:/bin
        "XDG_RUNTIME_DIR=$folder/run")

    start() {
        # shellcheck disable=SC2016 # the inner shell expands it
        sh -c 'echo $$ >/sys/fs/cgroup/manager/cgroup.procs; exec "$@"' sh \
            "${clean[@]}" /lib/systemd/systemd --user </dev/null >>"$folder/manager.log" 2>&1 &
        manager=$!
        for _ in $(seq 200); do
            case $("${clean[@]}" systemctl --user is-system-running 2>/dev/null || true) in
                running | degraded)
                    # Its own socket refuses who is in another pid namespace; without it systemctl takes the bus.
                    rm -f "$folder/run/systemd/private"
                    return
                    ;;
            esac
            kill -0 "$manager" 2>/dev/null || break
            sleep 0.05
        done
        cat "$folder/manager.log" >&2
        exit 70
    }

    stop() {
        [ -n "$manager" ] || return 0
        kill "$manager" && wait "$manager" || true
        manager=
    }

    while read -r order; do
        case $order in
            start) start && echo started ;;
            stop) stop && echo stopped ;;
        esac
    done
    stop
    exit 0
fi

unable() {
    echo "$1" >&2
    exit "${2:-77}"
}

[ "$(id -u)" = 0 ] || unable "needs root"
[ -x /lib/systemd/systemd ] || unable "systemd is not installed"
hierarchy=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$hierarchy" ] || unable "no cgroup2 is mounted" 78
folder=$(cd "$1" && pwd)
mkdir -p "$folder/home"
install -d -m 700 "$folder/run"
group=$hierarchy/clodputer-lab.$$
mkdir "$group" 2>/dev/null || unable "$hierarchy cannot be written to" 78
unshare --mount true 2>/dev/null || { rmdir "$group"; unable "namespaces are not allowed here" 78; }

clean_up() {
    # The processes in it are killed by now, but the kernel takes its time to bury them.
    for _ in $(seq 50); do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
        [ -d "$group" ] || return 0
        sleep 0.1
    done
}
trap clean_up EXIT

status=0
(
    echo $BASHPID >"$group/cgroup.procs"
    exec unshare --cgroup --pid --mount --uts --ipc --fork --kill-child bash "$0" --inside "$folder"
) || status=$?
exit "$status"
