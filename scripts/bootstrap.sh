#!/usr/bin/env bash
# Everything that a fresh machine needs: system libraries, then .venv with the pinned packages.
# Called by the Makefile; `scripts/bootstrap.sh --dev` adds the tools of the tests.
#
#   PYTHON=python3.12      the interpreter to build .venv with (default: the first that is new enough)
#   TORCH_INDEX=URL        the package index to take torch from (a CPU build, say)
#   CUDA=yes               take torch with its CUDA packages on Linux without an NVIDIA GPU too
set -euo pipefail
cd "$(dirname "$0")/.."

stop() {
    printf 'attnviz: %s\n' "$*" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Prints the interpreter to use, or nothing where no Python is new enough.
find_python() {
    local candidate
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null || stop "PYTHON=$PYTHON is not a command on this machine"
        new_enough "$PYTHON" || stop "PYTHON=$PYTHON is older than Python 3.11, or does not run"
        command -v "$PYTHON"
        return
    fi
    if [ -e .venv ]; then
        new_enough .venv/bin/python ||
            stop ".venv does not run Python 3.11 or newer; remove it ('make distclean') and try again"
        echo .venv/bin/python
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ] && command -v python3 >/dev/null; then
    stop "Python 3.11 or newer is needed, python3 is $(python3 -V | cut -d' ' -f2);" \
        "install a newer one and name it: make film PYTHON=python3.12"
fi
scripts/system-libraries.sh "$python"
if [ -z "$python" ]; then
    python=$(find_python)
    [ -n "$python" ] || stop "Python 3.11 or newer is needed; install one and name it: make film PYTHON=python3.12"
fi
exec "$python" scripts/install.py "$@"
