#!/usr/bin/env bash
# Installs the Debian packages which tests talk to the gateway with, where they are missing.
#   scripts/install-test-tools.sh [--bench]
set -uo pipefail

missing=()
need() { # need PACKAGE COMMAND...: the command succeeds when the package is there
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

need postgresql-client psql --version
need chromium chromium --version
need python3-psycopg /usr/bin/python3 -c 'import psycopg'
need python3-cryptography /usr/bin/python3 -c 'import cryptography'
need tmux tmux -V
need softhsm2 softhsm2-util --version
need opensc sh -c 'command -v pkcs11-tool'
if [[ "${1:-}" == --bench ]]; then
  need pgbouncer test -x /usr/sbin/pgbouncer
  need postgresql-contrib pgbench --version
fi
[[ ${#missing[@]} -eq 0 ]] && exit 0

fail() {
  echo "test tools: $1" >&2
  echo "  Way out: install these by hand, then run again: ${missing[*]}" >&2
  exit 1
}

command -v apt-get >/dev/null || fail 'no apt-get here, and these are missing'
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || fail 'neither root nor sudo, and these are missing'
  as_root=(sudo -n)
fi

echo "test tools: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >>"$log" 2>&1; }

# The index may be absent or old: refresh it only when the first try fails.
apt install -y --no-install-recommends "${missing[@]}" ||
  { apt update && apt install -y --no-install-recommends "${missing[@]}"; } ||
  { tail -n 5 "$log" >&2; fail 'apt-get could not install'; }
