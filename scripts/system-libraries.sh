#!/usr/bin/env bash
# Installs what pip cannot: cairo and pango headers, pkg-config, a C compiler, Python's own headers
# and venv module, CJK and Korean fonts. Only what is missing, through apt where there is apt; elsewhere it
# says what is missing. The one argument is the Python interpreter, empty where there is none yet.
set -euo pipefail

python=${1:-}
. "$(dirname "$0")/packages.sh"

has_library() {
    command -v pkg-config >/dev/null && pkg-config --exists "$@"
}

has_font() {  # has_font LANGUAGE FILE-PATTERN...
    local folder pattern
    if command -v fc-list >/dev/null && [ -n "$(fc-list ":lang=$1" family 2>/dev/null)" ]; then
        return
    fi
    shift
    for folder in /usr/share/fonts /usr/local/share/fonts /System/Library/Fonts \
        "$HOME/.local/share/fonts" "$HOME/.fonts" "$HOME/Library/Fonts"; do
        [ -d "$folder" ] || continue
        for pattern in "$@"; do
            [ -z "$(find -L "$folder" -iname "$pattern" -print -quit)" ] || return 0
        done
    done
    return 1
}

# A Debian Python comes in parts; its version names them (python3.11-dev, python3.11-venv).
debian_python() {
    if [ -z "$python" ]; then
        echo python3
    else
        "$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])'
    fi
}

command -v pkg-config >/dev/null || need pkg-config pkg-config
has_library cairo || need "cairo headers" libcairo2-dev
has_library pangocairo || need "pango headers" libpango1.0-dev
if ! cc -E -x c -include stdio.h /dev/null >/dev/null 2>&1; then
    need "a C compiler" gcc libc6-dev
fi
if [ -z "$python" ]; then
    need "Python" python3 python3-dev python3-venv
else
    "$python" -c 'import pathlib, sys, sysconfig
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").is_file())' ||
        need "Python's headers" "$(debian_python)-dev"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        need "Python's venv module" "$(debian_python)-venv"
fi
needed=${#missing[@]}
if ! has_font ja '*CJK*' 'Hiragino*' 'NotoSansJP*' 'NotoSansSC*'; then
    need "a CJK font" fonts-noto-cjk  # which draws Korean too
elif ! has_font ko '*CJK*' 'Nanum*' 'NotoSansKR*' 'AppleSDGothicNeo*'; then
    need "a Korean font" fonts-nanum
fi

# Only the font may be wanting: without it the films draw, but refuse Chinese, Japanese and Korean.
give_up() {
    if [ "$needed" -eq 0 ]; then
        printf 'attnviz: going on without %s; %s\n' "$(missing_list)" "$1" >&2
        exit 0
    fi
    printf 'attnviz: missing: %s; %s\n' "$(missing_list)" "$1" >&2
    exit 1
}

install_packages "README.md, 'System libraries', names the packages for Fedora, Arch and macOS"
