#!/usr/bin/env bash
# setup.sh - makes a Debian 12 machine able to build Ashlar, and says what it does to it.
#
# Installs the missing ones of `packages` (as root; otherwise it says what to ask for), unpacks the
# sources of the third-party libraries below ASHLAR_CACHE (default ~/.cache/ashlar), and writes
# bazel/offline.bazelrc, which tells Bazel where they are. Changes nothing else, and where all is
# there already it changes nothing at all. Any failure: one message that says what to do, exit 1.
#
# ASHLAR_OS_RELEASE and ASHLAR_APT_ETC stand for /etc/os-release and /etc/apt, in tests.
set -euo pipefail

packages=(
  bazel-bootstrap bazel-platforms bazel-rules-java bazel-rules-proto bazel-skylib
  clang-19 libclang-rt-19-dev lld-19 llvm-19 g++-12 # llvm-19: sanitizers name lines by it
  dpkg-dev ca-certificates                          # unpack the sources
  python3 valgrind relacy-dev xz-utils binutils     # tests
  libboost-dev libconcurrentqueue-dev               # headers: lock-free code of others, as tests
)
sources=(abseil onetbb googletest benchmark)

# Measured on a minimal Debian 12, rounded up.
packages_mb=2500 # what is installed, and the archives while it is
first_mb=2000    # sources, disk cache and Bazel's output of all configurations
later_mb=500     # what a build may still need

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=$(realpath -m "${ASHLAR_CACHE:-$HOME/.cache/ashlar}")
apt_etc=${ASHLAR_APT_ETC:-/etc/apt}
output=${ASHLAR_OUTPUT_ROOT:-$HOME/.cache/bazel}
no_network='Temporary failure|Could not (resolve|connect)|[Cc]onnect(ion| to)|timed out|unreachable'

die() {
  printf 'ashlar: %s\n' "$@" >&2
  exit 1
}

# The state of all packages in one call: this runs before every build.
missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null) ||
    true # some are unknown to it
  for package in "${packages[@]}"; do
    [[ $'\n'$installed$'\n' == *$'\n'"$package installed"$'\n'* ]] || echo "$package"
  done
}

need_debian_12() {
  local file=${ASHLAR_OS_RELEASE:-/etc/os-release} system
  system=$(. "$file" 2>/dev/null && echo "${ID-} ${VERSION_ID-}") || system=
  [[ $system == "debian 12" ]] && return
  die "this is ${system:-an unknown system}; ./ashlar sets up Debian 12 alone." \
    "Run it there, for instance:" \
    "  docker run -it -v '$top:/ashlar' -w /ashlar debian:12 ./ashlar test" \
    "or bring Bazel 4.2 or newer and clang 19 yourself and call bazel directly (CONTRIBUTING.md)."
}

# need_space FOLDER MEGABYTES PURPOSE
need_space() {
  local folder=$1 free
  while [[ ! -d $folder ]]; do folder=$(dirname "$folder"); done
  free=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
  ((free >= $2)) || die "$3 needs $2 MB in $1, and only $free MB are free there." \
    "Make room, or set ASHLAR_CACHE and ASHLAR_OUTPUT_ROOT to folders on a larger disk," \
    "and run it again."
}

# explain_apt LOG WHAT: dies, with the last words of apt and what they probably mean.
explain_apt() {
  tail -n 5 "$1" >&2
  if grep -q 'No space left' "$1"; then
    die "$2 failed: the disk is full. Make room and run it again."
  elif grep -qE "$no_network" "$1"; then
    die "$2 failed: the package archive cannot be reached." \
      "Check the network (and http_proxy, if there is one), then run it again."
  fi
  die "$2 failed; apt's last words are above." \
    "Mend that (often: apt-get -f install), then run it again."
}

install_packages() {
  (($# == 0)) && return
  if [[ $(id -u) != 0 ]]; then
    die "these packages are missing: $*" "Only root can install them; ask for, or run as root:" \
      "  apt-get install --no-install-recommends $*"
  fi
  need_space /usr "$packages_mb" "installing packages"
  echo "ashlar: installing (about a minute): $*"
  local log
  log=$(mktemp)
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300)
  local install=("${apt[@]}" install --no-install-recommends --no-remove "$@")
  # Where the lists are missing or stale, one update and a second try; an entry of a third party
  # that cannot be updated need not matter.
  if ! "${install[@]}" </dev/null >"$log" 2>&1; then
    "${apt[@]}" update </dev/null >"$log" 2>&1 || true
    "${install[@]}" </dev/null >>"$log" 2>&1 || explain_apt "$log" "installing packages"
  fi
  rm -f "$log"
}

# apt_source_lists FOLDER: this machine's entries for Debian 12, as deb-src ones.
apt_source_lists() {
  local file suite='[[:space:]](bookworm|oldstable|stable)(-updates|-security)?([[:space:]/]|$)'
  for file in "$apt_etc"/sources.list.d/*.sources; do
    [[ -f $file ]] || continue
    awk -v RS= -v ORS='\n\n' -v suite="$suite" '{
      for (line = split($0, lines, "\n"); line > 0; --line)
        if (lines[line] ~ /^Suites:/ && lines[line] ~ suite) {
          gsub(/(^|\n)Types:[^\n]*/, "\nTypes: deb-src")
          print
        }
    }' "$file" >"$1/$(basename "$file")"
  done
  for file in "$apt_etc"/sources.list "$apt_etc"/sources.list.d/*.list; do
    [[ -f $file ]] || continue
    awk -v suite="$suite" '!/cdrom:/ && $0 ~ suite && sub(/^[ \t]*deb[ \t]+/, "deb-src ")' \
      "$file" >"$1/$(basename "$file" .list).list"
  done
}

missing_sources() {
  local name
  for name in "${sources[@]}"; do
    [[ -d $cache/src/$name ]] || echo "$name"
  done
}

# unpack_sources NAME...
unpack_sources() {
  (($# == 0)) && return
  local name
  echo "ashlar: fetching the sources of $* into $cache/src"
  mkdir -p "$cache/src"
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  local log=$work/log
  mkdir -p "$work"/{etc,lists/partial}
  apt_source_lists "$work/etc"
  # Lists of our own, so that the machine's stay as they are and no root is needed.
  local apt=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/etc"
    -o "Dir::State::lists=$work/lists" -o APT::Sandbox::User="$(id -un)")
  # A third party may have no sources; only what is missing in the end matters.
  "${apt[@]}" update </dev/null >"$log" 2>&1 || true
  for name; do
    mkdir "$work/$name"
    (cd "$work/$name" && "${apt[@]}" source --only-source "$name" </dev/null >>"$log" 2>&1) ||
      explain_apt "$log" "fetching the sources of $name"
    # A finished tree appears at once or not at all; another run may have been faster.
    mv -T "$work/$name/$name"-*/ "$cache/src/$name" 2>"$log" || [[ -d $cache/src/$name ]] ||
      die "cannot move the sources of $name into $cache/src: $(tail -n 1 "$log")" \
        "Make room and see that the folder can be written to, then run it again."
  done
}

write_bazelrc() {
  local file=$top/bazel/offline.bazelrc text
  text="# Written by ./ashlar setup: where this machine keeps what Bazel would fetch.
build --disk_cache=$cache/disk
build --override_repository=rules_cc=$top/bazel/standin/rules_cc
build --override_repository=remote_coverage_tools=$top/bazel/standin/remote_coverage_tools
build --override_repository=rules_java=/usr/share/bazel/rules/java
build --override_repository=rules_proto=/usr/share/bazel/rules/proto
build --override_repository=bazel_skylib=/usr/share/bazel/tools/skylib
build --override_repository=platforms=/usr/share/bazel/tools/platforms
build --override_repository=com_google_absl=$cache/src/abseil
build --override_repository=oneTBB=$cache/src/onetbb
build --override_repository=com_google_googletest=$cache/src/googletest
build --override_repository=com_github_google_benchmark=$cache/src/benchmark"
  [[ -f $file && $(<"$file") == "$text" ]] || printf '%s\n' "$text" >"$file"
}

need_debian_12
install_packages $(missing_packages)
needed_mb=$first_mb
[[ -n $(missing_sources) ]] || needed_mb=$later_mb
need_space "$cache" "$needed_mb" "building Ashlar"
need_space "$output" "$needed_mb" "building Ashlar"
unpack_sources $(missing_sources)
write_bazelrc
