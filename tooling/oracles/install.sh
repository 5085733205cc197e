#!/bin/sh
# Installs with apt what the oracle suites compare against: QEMU, GNU cross tools, gdb, the device tree compiler, a browser.
# Run it again at any time; what is there stays. Needs Debian or Ubuntu and root (or sudo without a password prompt).
#
#   tooling/oracles/install.sh             install what is missing
#   tooling/oracles/install.sh --list      print the packages and whether they are installed, change nothing
#   tooling/oracles/install.sh --no-browser  leave Chromium out (about 300 MB)
set -eu

# package:reason
wanted='
qemu-system-arm:the arm64 machine everything is compared with
qemu-system-ppc:the PowerPC machines
qemu-utils:disk images for QEMU
binutils-aarch64-linux-gnu:as and objdump, both directions of the A64 tables
gcc-aarch64-linux-gnu:guest programs and the vector harness
libc6-dev-arm64-cross:headers of the kernel for arm64, and C programs that use KVM
binutils-powerpc-linux-gnu:as and objdump for BookE
gcc-powerpc-linux-gnu:BookE guest programs
linux-libc-dev-powerpc-cross:headers of the kernel for PowerPC
gdb-multiarch:the other end of the GDB server
device-tree-compiler:device trees as text
gcc:the QEMU plugin
libc6-dev:the QEMU plugin
chromium:the same run in a browser
'

fail() { echo "oracles: $1" >&2; exit 2; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ]; }

browser=yes list=no
for option; do
  case $option in
    --no-browser) browser=no ;;
    --list) list=yes ;;
    *) fail "unknown option $option: --list and --no-browser exist" ;;
  esac
done

command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1 ||
  fail "apt-get not found: this script knows Debian and Ubuntu only; elsewhere install QEMU 7.2 or later and the GNU cross tools by hand"

missing=''
for package in $(echo "$wanted" | sed -n 's/^\([^:]*\):.*/\1/p'); do
  [ "$browser" = yes ] || [ "$package" != chromium ] || continue
  if installed "$package"; then state=installed; else state=missing; missing="$missing $package"; fi
  [ "$list" = no ] || printf '%-28s %-10s %s\n' "$package" "$state" "$(echo "$wanted" | sed -n "s/^$package://p")"
done
[ "$list" = no ] || exit 0
[ -n "$missing" ] || { echo 'oracles: everything is installed'; exit 0; }

as_root=''
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null || fail "root is needed to install$missing: run this as root, or with sudo"
  as_root=sudo
fi

apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }

# Package lists are fetched only if apt does not know a package or cannot plan the installation with the lists it has.
if ! apt install --no-install-recommends --simulate $missing >/dev/null 2>&1; then
  echo 'oracles: updating the package lists'
  apt update >/dev/null || fail 'apt-get update failed: see the messages above; is the package archive reachable?'
fi
for package in $missing; do
  echo "oracles: installing $package"
  log=$(mktemp)
  if ! apt install -y --no-install-recommends "$package" >"$log" 2>&1; then
    # lists that know a package may still be older than the archive: once more with fresh ones
    if ! { apt update && apt install -y --no-install-recommends "$package"; } >"$log" 2>&1; then
      cat "$log" >&2
      rm -f "$log"
      fail "$package could not be installed"
    fi
  fi
  rm -f "$log"
done
echo 'oracles: done'
