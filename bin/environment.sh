# Shell functions that find a Python and make an environment with it; read by bin/clodputer (sh) and bin/check (bash).
# shellcheck shell=sh

oldest_python=3.9

# Print the real path of the Python called $1, if it is one that we can use. A pyenv shim for a version that is not
# selected exists, and fails: so every candidate is really started.
real_python() {
    needed=ensurepip
    if command -v uv >/dev/null 2>&1; then needed=sys; fi # uv makes environments without ensurepip
    "$1" -I -c "import sys, $needed
assert sys.version_info >= tuple(map(int, '$oldest_python'.split('.')))
print(sys.executable)" 2>/dev/null
}

# Print the path of a usable Python, or say on stderr what to do about it.
find_python() {
    if [ -n "${CLODPUTER_PYTHON:-}" ]; then
        if real_python "$CLODPUTER_PYTHON"; then return 0; fi
        echo "clodputer: CLODPUTER_PYTHON=$CLODPUTER_PYTHON is not a Python >= $oldest_python with the venv module" >&2
        return 1
    fi
    for candidate in python3 python3.15 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9; do
        if real_python "$candidate"; then return 0; fi
    done
    {
        echo "clodputer: found no Python >= $oldest_python with the venv module (tried python3, python3.9 to python3.15)"
        echo "  Debian, Ubuntu:  apt install python3 python3-venv"
        echo "  macOS:           brew install python3"
        echo "  anything else:   set CLODPUTER_PYTHON to the path of a Python"
    } >&2
    return 1
}

# make_environment CHECKOUT VENV EXTRA [PYTHON]: make or refresh the environment VENV with the extra of that name ("" for none).
make_environment() {
    environment_python=${4:-}
    if [ -z "$environment_python" ]; then environment_python=$(find_python) || return 1; fi
    "$environment_python" -I "$1/bin/environment.py" "$1" "$2" "$3"
}
