#!/bin/sh
# claude starts each of its shell commands as: shell-prefix.sh 'the command' (CLAUDE_CODE_SHELL_PREFIX, set on macOS).
# Notes the session that the command will live in, which is our own number or that of the shell that started us, so that
# the sweep finds what the command leaves behind. Failing to note it must not fail the command.
if [ -n "${CLODPUTER_SESSIONS-}" ]; then
    { echo "$$ $PPID" >> "$CLODPUTER_SESSIONS"; } 2> /dev/null
fi
exec /bin/bash -c "$1"
