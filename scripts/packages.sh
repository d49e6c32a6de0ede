# shellcheck shell=bash
# Sourced by the scripts that install system packages: gather what is missing, then ask apt for it once.
# The caller may define its own give_up, which says what to do where apt cannot serve, and ends.

missing=()   # what is missing, for people
packages=()  # the Debian packages that bring it

need() {  # need NAME PACKAGE...
    missing+=("$1")
    shift
    packages+=("$@")
}

missing_list() {
    local list
    list=$(printf ', %s' "${missing[@]}")
    printf '%s' "${list:2}"
}

give_up() {  # give_up WHAT-TO-DO
    printf 'attnviz: missing: %s; %s\n' "$(missing_list)" "$1" >&2
    exit 1
}

# Installs the packages gathered; does nothing where none are.
install_packages() {  # install_packages WHERE-OTHER-SYSTEMS-ARE-NAMED
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || give_up "$1"
    local install=(apt-get install --yes --no-install-recommends "${packages[@]}") as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || give_up "as root, run: ${install[*]}"
        as_root=(sudo)
        [ -t 0 ] || as_root=(sudo -n)  # nobody there to type a password
    fi
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
    printf 'attnviz: missing: %s\nattnviz: installing with apt: %s\n' "$(missing_list)" "${packages[*]}"
    "${as_root[@]}" apt-get update --quiet ||
        echo "attnviz: the package lists could not all be refreshed; going on with those at hand" >&2
    "${as_root[@]}" "${install[@]}" --quiet || give_up "apt failed; as root, run: ${install[*]}"
}
