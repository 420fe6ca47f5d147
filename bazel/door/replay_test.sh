#!/usr/bin/env bash
# replay_test.sh REPLAY RUN_BAZEL PAGE: a schedule and an archive of them are replayed by the programs that
# they name, with a fake bazel that builds a program which tells what it was given.
set -euo pipefail

tree=$TEST_TMPDIR/tree
mkdir -p "$tree"/{bazel/door,stress/explorer} "$TEST_TMPDIR/s"
cp -L "$1" "$2" "$tree/bazel/door"
cp -L "$3" "$tree/stress/explorer"
cat >"$TEST_TMPDIR/bazel" <<'FAKE'
#!/usr/bin/env bash
echo "$*" >>"$TEST_TMPDIR/calls"
[[ -e $TEST_TMPDIR/does_not_build ]] && exit 1
mkdir -p bazel-bin/a/b bazel-bin/fuzz
printf '#!/bin/bash\necho "runs $*"; exit 77\n' >bazel-bin/fuzz/some_fuzz
chmod +x bazel-bin/fuzz/some_fuzz
printf '#!/bin/bash\necho "replays $(basename "$ASHLAR_REPLAY") in $BUILD_WORKSPACE_DIRECTORY"; printf "\n  T1\n  fence  a.cc:1:2\n"; exit 1\n' \
  >bazel-bin/a/b/c_test
chmod +x bazel-bin/a/b/c_test
FAKE
chmod +x "$TEST_TMPDIR/bazel"
export ASHLAR_BAZEL=$TEST_TMPDIR/bazel

schedule() { printf 'ashlar-schedule 1\ntarget %s\nexploration x\nbytes 00\n' "$1"; }

# run_replay EXIT_CODE ARGUMENTS...: leaves `said`.
run_replay() {
  local expected=$1 code=0
  shift
  : >"$TEST_TMPDIR/calls"
  said=$("$tree/bazel/door/replay.sh" "$@" 2>&1) || code=$?
  [[ $code == "$expected" ]] || fail "exit code $code, not $expected, from: $*"
}
fail() {
  printf 'FAILED: %s\n--- said:\n%s\n' "$1" "$said"
  exit 1
}
says() { [[ $said == *"$1"* ]] || fail "does not say: $1"; }

schedule //a/b:c_test >"$TEST_TMPDIR/s/one.schedule"
run_replay 1 "$TEST_TMPDIR/s/one.schedule"
says "replays one.schedule in $tree"
grep -q 'build .*//a/b:c_test$' "$TEST_TMPDIR/calls" || fail "does not build the target"

run_replay 1 "$TEST_TMPDIR/s/one.schedule" --html="$TEST_TMPDIR/page.html"
says "replays one.schedule in $tree"
grep -q '<td class=lane>.*fence.*a.cc:1:2' "$TEST_TMPDIR/page.html" || fail "draws no page"

mkdir -p "$TEST_TMPDIR"/some_fuzz{,.asan}.crashes
touch "$TEST_TMPDIR"/some_fuzz{,.asan}.crashes/crash-1
run_replay 1 "$TEST_TMPDIR/some_fuzz.crashes/crash-1"
says "runs $TEST_TMPDIR/some_fuzz.crashes/crash-1"
grep -q 'build //fuzz:some_fuzz$' <(sed 's/ --no[a-z=_]*//; s/ --color=no//' "$TEST_TMPDIR/calls") ||
  fail "does not build the fuzz target"
run_replay 1 "$TEST_TMPDIR/some_fuzz.asan.crashes/crash-1"
grep -q -- '--config=asan //fuzz:some_fuzz$' "$TEST_TMPDIR/calls" || fail "forgets the sanitizer"
touch "$TEST_TMPDIR/does_not_build"
run_replay 2 "$TEST_TMPDIR/some_fuzz.crashes/crash-1"
run_replay 2 "$TEST_TMPDIR/s/one.schedule"
says "//a/b:c_test does not build"
rm "$TEST_TMPDIR/does_not_build"

schedule //a/b:c_test >"$TEST_TMPDIR/s/two.schedule"
(cd "$TEST_TMPDIR/s" && python3 -m zipfile -c "$TEST_TMPDIR/outputs.zip" one.schedule two.schedule)
run_replay 1 "$TEST_TMPDIR/outputs.zip"
says "replays one.schedule"
says "replays two.schedule"

run_replay 2
says "takes one file"
run_replay 2 "$TEST_TMPDIR/none"
says "no such file: $TEST_TMPDIR/none"
schedule - >"$TEST_TMPDIR/s/none.schedule"
run_replay 2 "$TEST_TMPDIR/s/none.schedule"
says "names no target"
echo hello >"$TEST_TMPDIR/no.zip"
run_replay 2 "$TEST_TMPDIR/no.zip"
says "not an archive"
