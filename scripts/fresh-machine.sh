#!/usr/bin/env bash
# Proves that the last commit sets itself up on a machine that has none of the system libraries:
# a bare Debian in a folder, make, and nothing else. Needs root and debootstrap.
#
#   scripts/fresh-machine.sh                  make film in Debian 12
#   scripts/fresh-machine.sh test             make test
#   SUITE=trixie scripts/fresh-machine.sh     Debian 13, with its newer Python
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
targets=("${@:-film}")

machine=$(mktemp -d /tmp/fresh-machine.XXXXXX)
clean_up() {
    umount "$machine"/proc "$machine"/dev "$machine"/wheels 2>/dev/null || true
    # Nothing is removed while a folder of this machine is still mounted inside.
    grep -q " $machine/" /proc/mounts || rm -rf --one-file-system "$machine"
}
trap clean_up EXIT

debootstrap --variant=minbase --include=make "${SUITE:-bookworm}" "$machine" >/dev/null
mkdir "$machine/wheels"
mount -t proc proc "$machine/proc"
mount --bind /dev "$machine/dev"
mount --bind "${PIP_FIND_LINKS:-$machine/wheels}" "$machine/wheels"
cp -L /etc/resolv.conf "$machine/etc/resolv.conf"
# Behind a proxy with its own certificates, pip needs them; apt rebuilds the usual file.
cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$machine/etc/certificates.pem"
git clone --quiet "$repository" "$machine/root/attnviz"

env --ignore-environment HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    PIP_FIND_LINKS=/wheels PIP_CERT=/etc/certificates.pem SSL_CERT_FILE=/etc/certificates.pem \
    PIP_DEFAULT_TIMEOUT="${PIP_DEFAULT_TIMEOUT:-15}" TORCH_INDEX="${TORCH_INDEX:-}" \
    chroot "$machine" make -C /root/attnviz "${targets[@]}" </dev/null
