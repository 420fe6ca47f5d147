#!/usr/bin/env bash
# door_test.sh ASHLAR RUN_BAZEL: the verbs of ./ashlar, with a set-up that does nothing and a bazel
# that notes its calls and builds a stress job which tells what it was given.
set -euo pipefail

tree=$TEST_TMPDIR/tree
calls=$TEST_TMPDIR/calls
mkdir -p "$tree/bazel/door" "$TEST_TMPDIR/elsewhere"
cp -L "$1" "$tree/ashlar"
cp -L "$2" "$tree/bazel/door"
printf '#!/bin/sh\necho setup >>"$TEST_TMPDIR/calls"\nexec test ! -e "$TEST_TMPDIR/does_not_set_up"\n' \
  >"$tree/bazel/door/setup.sh"
printf '#!/bin/sh\necho "test_all $*" >>"$TEST_TMPDIR/calls"\n' >"$tree/bazel/door/test_all.sh"
cat >"$TEST_TMPDIR/bazel" <<'FAKE'
#!/usr/bin/env bash
echo "bazel $*" >>"$TEST_TMPDIR/calls"
[[ -e $TEST_TMPDIR/does_not_build ]] && exit 1
cat >/dev/null # it may not eat the program's input
mkdir -p bazel-bin/stress
printf '#!/bin/bash\necho "in $PWD with $* read $(cat)"; exit 7\n' >bazel-bin/stress/stress
chmod +x bazel-bin/stress/stress
FAKE
chmod +x "$tree/bazel/door"/*.sh "$TEST_TMPDIR/bazel"
export ASHLAR_BAZEL=$TEST_TMPDIR/bazel

# run_door EXIT_CODE ARGUMENTS...: from another folder, with input; leaves `said` and `warned`.
run_door() {
  local expected=$1 code=0
  shift
  : >"$calls"
  said=$(cd "$TEST_TMPDIR/elsewhere" && echo input |
    "$tree/ashlar" "$@" 2>"$TEST_TMPDIR/warned") || code=$?
  warned=$(<"$TEST_TMPDIR/warned")
  [[ $code == "$expected" ]] || fail "exit code $code, not $expected, from: $*"
}
fail() {
  printf 'FAILED: %s\n--- said:\n%s\n--- warned:\n%s\n--- called:\n' "$1" "$said" "$warned"
  cat "$calls"
  exit 1
}
called() { [[ $(<"$calls") == "$1" ]] || fail "not called: $1"; }

run_door 0 help
for verb in stress test replay fuzz tsan weaken setup help; do
  [[ $said == *"./ashlar $verb"* ]] || fail "help does not name $verb"
done
[[ $said != *set\ -euo* ]] || fail "help shows code"
run_door 0
[[ $said == *"./ashlar help"* ]] || fail "no verb is not help"
run_door 2 dance
[[ $warned == *"no such verb: dance"* ]] || fail "an unknown verb is not named"

printf '#!/bin/sh\necho "replay $*" >>"$TEST_TMPDIR/calls"\n' >"$tree/bazel/door/replay.sh"
chmod +x "$tree/bazel/door/replay.sh"
run_door 0 replay some.schedule
called "setup"$'\n'"replay some.schedule"

printf '#!/bin/sh\necho "tsan $*" >>"$TEST_TMPDIR/calls"\n' >"$tree/bazel/door/tsan.sh"
mkdir -p "$tree/stress/weaken"
printf '#!/bin/sh\necho "weaken $*" >>"$TEST_TMPDIR/calls"\n' >"$tree/stress/weaken/weaken.sh"
chmod +x "$tree/bazel/door/tsan.sh" "$tree/stress/weaken/weaken.sh"
printf '#!/bin/sh\necho "fuzz $*" >>"$TEST_TMPDIR/calls"\n' >"$tree/bazel/door/fuzz.sh"
chmod +x "$tree/bazel/door/fuzz.sh"
run_door 0 fuzz heap_fuzz 9
called "setup"$'\n'"fuzz heap_fuzz 9"
run_door 0 tsan 3
called "setup"$'\n'"tsan 3"
run_door 0 weaken //a:b
called "setup"$'\n'"weaken //a:b"

run_door 0 setup
called setup
run_door 0 test asan //lib/...
called "setup"$'\n'"test_all asan //lib/..."

touch "$TEST_TMPDIR/does_not_set_up"
run_door 1 test
called setup
[[ $said == "0 passed, 1 failed" ]] || fail "tests without a sum where the set-up fails"
run_door 1 stress
called setup
rm "$TEST_TMPDIR/does_not_set_up"

run_door 7 stress --trace - 'two words'
called "setup"$'\n'"bazel build --noshow_progress --color=no -c opt //stress:stress"
[[ $said == "in $TEST_TMPDIR/elsewhere with --trace - two words read input" ]] ||
  fail "the stress job does not run where, with what and on what it should"
[[ $warned == *"+ (cd $tree && $ASHLAR_BAZEL build "*" //stress:stress)"* ]] ||
  fail "the bazel command is not printed"

touch "$TEST_TMPDIR/does_not_build"
run_door 1 stress
[[ -z $said ]] || fail "runs a stress job that did not build"
