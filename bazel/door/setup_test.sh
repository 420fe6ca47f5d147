#!/usr/bin/env bash
# setup_test.sh SETUP: what setup.sh does and says on machines that are not as they should be.
#
# The machine is made of fakes of dpkg-query, apt-get, df and id, first in the PATH, and of files in
# $machine that they look at: `missing` (packages), `free_mb`, `user`, `apt_fails` (what apt-get
# says when it fails), `apt_mends` (an update removes apt_fails), `apt` (its sources). apt-get notes
# its calls in `calls` and the lists of sources that it was given in `lists`.
set -euo pipefail
setup=$(realpath "$1")

make_machine() {
  machine=$(mktemp -d "$TEST_TMPDIR/machine.XXXXXX")
  mkdir -p "$machine"/{bin,home,apt/sources.list.d,tree/bazel/door}
  cp "$setup" "$machine/tree/bazel/door/setup.sh"
  printf 'ID=debian\nVERSION_ID="12"\n' >"$machine/os-release"
  touch "$machine"/{missing,calls}
  echo 100000 >"$machine/free_mb"
  echo 0 >"$machine/user"
  fake dpkg-query 'for package in "${@:4}"; do
    grep -qx "$package" "$machine/missing" || echo "$package installed"; done'
  fake id '[[ $1 == -u ]] && cat "$machine/user" || echo somebody'
  fake df 'echo header; echo "disk 0 0 $(cat "$machine/free_mb") 0 /"'
  fake apt-get 'echo "$*" >>"$machine/calls"
    [[ " $* " == *" update "* && -f $machine/apt_mends ]] && rm "$machine/apt_fails"
    for option; do
      [[ $option == Dir::Etc::sourceparts=* ]] && cat "${option#*=}"/* >"$machine/lists"; done
    if [[ -f $machine/apt_fails ]]; then cat "$machine/apt_fails" >&2; exit 100; fi
    [[ " $* " == *" source "* ]] && mkdir "${@: -1}-1.0"
    exit 0'
}

fake() {
  printf '#!/usr/bin/env bash\nmachine=%q\n%s\n' "$machine" "$2" >"$machine/bin/$1"
  chmod +x "$machine/bin/$1"
}

# run_setup EXIT_CODE: leaves what it said in `said`.
run_setup() {
  local code=0
  said=$(env -i PATH="$machine/bin:/usr/bin:/bin" HOME="$machine/home" \
    ASHLAR_OS_RELEASE="$machine/os-release" ASHLAR_APT_ETC="$machine/apt" \
    "$machine/tree/bazel/door/setup.sh" 2>&1) || code=$?
  [[ $code == "$1" ]] || fail "exit code $code, not $1"
}

says() { [[ $said == *"$1"* ]] || fail "does not say: $1"; }
calls() { grep -qE -- "$1" "$machine/calls" || fail "did not call apt-get $1"; }
calls_nothing() { [[ ! -s $machine/calls ]] || fail "called apt-get"; }
writes_nothing() { [[ ! -e $machine/tree/bazel/offline.bazelrc ]] || fail "wrote the rc file"; }

fail() {
  printf 'FAILED: %s: %s\n--- it said:\n%s\n--- apt-get was called with:\n' "$case" "$1" "$said"
  cat "$machine/calls"
  exit 1
}

a_ready_machine_gets_its_sources_and_its_rc_file() {
  run_setup 0
  calls 'source --only-source abseil$'
  for name in abseil onetbb googletest benchmark; do
    [[ -d $machine/home/.cache/ashlar/src/$name ]] || fail "no $name"
  done
  grep -qx "build --override_repository=oneTBB=$machine/home/.cache/ashlar/src/onetbb" \
    "$machine/tree/bazel/offline.bazelrc" || fail "the rc file does not name oneTBB"
  ! grep -q ' install ' "$machine/calls" || fail "installed something"
}

a_second_run_changes_nothing() {
  run_setup 0
  touch -d '2001-01-01' "$machine/tree/bazel/offline.bazelrc"
  : >"$machine/calls"
  run_setup 0
  calls_nothing
  [[ -z $said ]] || fail "says something"
  [[ $(date -r "$machine/tree/bazel/offline.bazelrc" +%Y) == 2001 ]] || fail "wrote the rc file"
}

root_gets_what_is_missing_by_name() {
  printf 'valgrind\nclang-19\n' >"$machine/missing"
  run_setup 0
  says 'installing (about a minute): clang-19 valgrind'
  calls 'install .* clang-19 valgrind$'
}

others_are_told_what_to_ask_for() {
  printf 'valgrind\nclang-19\n' >"$machine/missing"
  echo 1000 >"$machine/user"
  run_setup 1
  says 'apt-get install --no-install-recommends clang-19 valgrind'
  calls_nothing
  writes_nothing
}

stale_lists_are_updated_once() {
  echo valgrind >"$machine/missing"
  echo 'E: Unable to locate package valgrind' >"$machine/apt_fails"
  touch "$machine/apt_mends"
  run_setup 0
  [[ $(grep -c ' install ' "$machine/calls") == 2 ]] || fail "did not try twice"
}

a_missing_network_is_named() {
  echo valgrind >"$machine/missing"
  echo "Temporary failure resolving 'archive'" >"$machine/apt_fails"
  run_setup 1
  says 'cannot be reached'
  says 'Check the network'
  writes_nothing
}

a_missing_network_is_named_for_sources_too() {
  echo 'Could not connect to archive' >"$machine/apt_fails"
  run_setup 1
  says 'fetching the sources of abseil failed: the package archive cannot be reached'
  [[ -z $(ls "$machine/home/.cache/ashlar/src") ]] || fail "left half a tree"
  [[ -z $(ls -d "$machine"/home/.cache/ashlar/fetch.* 2>/dev/null) ]] || fail "left its folder"
}

all_of_debian_and_no_third_party_is_asked_for_sources() {
  cat >"$machine/apt/sources.list" <<'LIST'
deb cdrom:[Debian 12]/ bookworm main
deb http://debian.example/debian bookworm main
  deb [arch=amd64] http://debian.example/debian bookworm-updates main
deb-src http://debian.example/debian bookworm main
# deb http://commented.example/debian bookworm main
deb http://third.example/apt bookworm-third main
LIST
  cat >"$machine/apt/sources.list.d/debian.sources" <<'SOURCES'
# comment
Types: deb
URIs: http://security.example/debian
Suites: bookworm-security
Components: main

Types: deb
URIs: http://third.example/sources
Suites: nodistro
Components: main
SOURCES
  run_setup 0
  local wanted
  wanted='# comment
Types: deb-src
URIs: http://security.example/debian
Suites: bookworm-security
Components: main

deb-src http://debian.example/debian bookworm main
deb-src [arch=amd64] http://debian.example/debian bookworm-updates main'
  diff <(echo "$wanted") <(cat "$machine/lists") || fail "other sources than wanted"
}

any_other_failure_shows_the_last_words_of_apt() {
  echo valgrind >"$machine/missing"
  echo 'E: dpkg was interrupted' >"$machine/apt_fails"
  run_setup 1
  says 'dpkg was interrupted'
  says "apt's last words are above"
}

a_full_disk_is_refused_before_anything_is_installed() {
  echo valgrind >"$machine/missing"
  echo 400 >"$machine/free_mb"
  run_setup 1
  says 'installing packages needs 2500 MB in /usr, and only 400 MB are free there'
  calls_nothing
}

a_full_disk_is_refused_before_anything_is_fetched() {
  echo 1900 >"$machine/free_mb"
  run_setup 1
  says "needs 2000 MB in $machine/home/.cache/ashlar, and only 1900 MB are free there"
  calls_nothing
  writes_nothing
}

a_first_try_that_fetched_nothing_leaves_the_need_for_space_as_it_was() {
  echo 'Could not connect to archive' >"$machine/apt_fails"
  run_setup 1
  rm "$machine/apt_fails"
  echo 1900 >"$machine/free_mb"
  run_setup 1
  says "needs 2000 MB in $machine/home/.cache/ashlar, and only 1900 MB are free there"
}

a_tree_that_cannot_be_moved_is_named() {
  fake mv 'echo "mv: No space left on device" >&2; exit 1'
  run_setup 1
  says "cannot move the sources of abseil into $machine/home/.cache/ashlar/src: mv: No space left"
  says 'Make room'
  writes_nothing
}

another_system_is_told_where_to_go() {
  printf 'ID=ubuntu\nVERSION_ID="22.04"\n' >"$machine/os-release"
  run_setup 1
  says 'this is ubuntu 22.04'
  says 'debian:12'
  calls_nothing
  writes_nothing
  rm "$machine/os-release"
  run_setup 1
  says 'an unknown system'
}

for case in $(declare -F | awk '{ print $3 }' | grep -E '^(a|all|any|another|others|root|stale)_'); do
  said=
  make_machine
  "$case"
  echo "passed: $case"
done
