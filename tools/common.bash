# Functions the scripts of this folder share. Sourced, not run.
# shellcheck shell=bash

# shellcheck disable=SC2034  # the scripts that source this use it
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Of every script that sources this: what stands at its beginning, before anything is installed or built.
case ${1:-} in
  -h | --help)
    sed -n '2,${/^#/!q;/^# shellcheck/d;s/^# \{0,1\}//p;}' "$0"
    exit 0
    ;;
esac

# What a script is about to do, or found. To stderr: stdout belongs to the programs it runs.
say() { printf '%s\n' "== $*" >&2; }

fail() {
  printf '%s\n' "error: $*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The SHA-256 of a file, in hexadecimal.
sha256_of() {
  if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Runs a command as root: directly, or through sudo. With no terminal to ask at, sudo must not ask.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif ! have sudo; then
    printf '%s\n' "error: not root, and no sudo; ask an administrator to run: $*" >&2
    return 1
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# What `swift build` is given where Open MPI is installed, so that `mpirun emend train` works; EMEND_MPI=0 or 1 says
# otherwise. Builds with and without share nothing, so all scripts ask here.
build_traits=""
if [ "${EMEND_MPI:-}" = 1 ] \
  || { [ "${EMEND_MPI:-}" != 0 ] && have pkg-config && have mpirun && pkg-config --exists ompi-c; }; then
  build_traits="--traits default,MPI"
fi

# `swift build` or `swift test` in release mode with these traits.
swift_release() {
  local command=$1
  shift
  # shellcheck disable=SC2086  # two words, or none
  swift "$command" -c release $build_traits "$@"
}

apt_lists_are_fresh=no

# Installs Debian or Ubuntu packages. The package lists are brought up to date once a script.
apt_install() {
  if ! have apt-get; then
    printf '%s\n' "error: no apt-get here; install with your package manager: $*" >&2
    return 1
  fi
  if [ "$apt_lists_are_fresh" = no ]; then
    say "apt-get update"
    as_root apt-get update -qq </dev/null || return 1
    apt_lists_are_fresh=yes
  fi
  say "apt-get install $*"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2
}
