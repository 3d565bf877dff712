#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# setup.sh [--check] GROUP...: install the Debian packages of these groups that are missing.
#
# The groups stand in the file `packages` beside this one. Silent when nothing is missing; otherwise one line
# says what is installed. Uses sudo where it is not run by root. apt's own output is shown only if it fails.
# With --check it installs nothing: it names what is missing, and fails.
set -eu

list=$(dirname "$0")/packages
check=
[ "${1-}" != --check ] || { check=1; shift; }
[ $# -gt 0 ] || { echo "usage: $0 [--check] GROUP..." >&2; exit 2; }

wanted=$(awk -v groups="$*" '
    BEGIN { n = split(groups, g); for (i = 1; i <= n; i++) want[g[i]] = 1 }
    /^[^#]/ { for (i = 2; i <= NF; i++) if ($i in want) { print $1; break } }' "$list")
[ -n "$wanted" ] || { echo "$0: no package has the group $*" >&2; exit 2; }

command -v dpkg-query >/dev/null || {
    [ -z "$check" ] || exit 0           # elsewhere the compiler will tell
    # shellcheck disable=SC2086
    echo "$0: this is not a Debian system; please install the like of:" $wanted >&2
    exit 1
}

# shellcheck disable=SC2086  # a list of words
present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' || true)
missing=
for package in $wanted; do
    printf '%s\n' "$present" | grep -qx "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ -n "$check" ]; then
    echo "setup: error: missing Debian packages:$missing (apt-get install$missing)" >&2
    exit 1
fi

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
echo "setup: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
wait="-o DPkg::Lock::Timeout=120"      # another apt may be at work
# The package lists may be absent or too old: renew them only where the first try fails.
# shellcheck disable=SC2086
$sudo apt-get $wait install -qy --no-install-recommends $missing >"$log" 2>&1 </dev/null ||
    { $sudo apt-get $wait update -q >>"$log" 2>&1 </dev/null &&
      $sudo apt-get $wait install -qy --no-install-recommends $missing >>"$log" 2>&1 </dev/null; } || {
    cat "$log" >&2
    echo "setup: error: could not install$missing" >&2
    exit 1
}
