#!/usr/bin/env bash
# test_all_test.sh TEST_ALL RUN_BAZEL SUMMARY: which bazel commands a list of configurations
# becomes, with a fake bazel that passes one test, or fails it under the flag named in `fails_under`;
# and all that are named in `proofs`.
set -euo pipefail

tree=$TEST_TMPDIR/tree
mkdir -p "$tree/bazel/door" "$tree/bazel/consumer"
cp -L "$@" "$tree/bazel/door"
calls=$TEST_TMPDIR/calls
cat >"$TEST_TMPDIR/bazel" <<'FAKE'
#!/usr/bin/env bash
echo "$(basename "$PWD") $*" >>"$TEST_TMPDIR/calls"
status=PASSED code=0
[[ -s $TEST_TMPDIR/fails_under && " $* " == *" $(cat "$TEST_TMPDIR/fails_under") "* ]] &&
  status=FAILED code=3
summary() {
  printf '{"id":{"testSummary":{"label":"%s"}},"testSummary":{"overallStatus":"%s"}}\n' "$@"
}
for argument; do
  [[ $argument == --build_event_json_file=* ]] || continue
  file=${argument#*=}
  summary //:t "$status" >"$file"
  for label in $(cat "$TEST_TMPDIR/proofs"); do summary "$label" PASSED >>"$file"; done
done
exit $code
FAKE
chmod +x "$TEST_TMPDIR/bazel"
export ASHLAR_BAZEL=$TEST_TMPDIR/bazel

# run_all EXIT_CODE ARGUMENTS...: leaves its last line in `last`.
run_all() {
  local code=0 expected=$1
  shift
  : >"$calls"
  last=$("$tree/bazel/door/test_all.sh" "$@" 2>/dev/null | tail -n 1) || code=$?
  [[ $code == "$expected" ]] || fail "exit code $code, not $expected, from: $*"
}
fail() {
  printf 'FAILED: %s\nlast line: %s\nbazel was called with:\n' "$1" "$last"
  cat "$calls"
  exit 1
}
ends() { [[ $last == "$1" ]] || fail "the last line is not: $1"; }
called() { grep -qE -- "$1" "$calls" || fail "not called: $1"; }
times() { [[ $(wc -l <"$calls") == "$1" ]] || fail "not $1 calls"; }

: >"$TEST_TMPDIR/fails_under"
proofs=$(cd "$tree/bazel/door" &&
  python3 -c 'import summary; print(*set(sum(summary.PROOFS.values(), ())))')
echo "$proofs" >"$TEST_TMPDIR/proofs"
passed=$((8 * ($(wc -w <<<"$proofs") + 1)))
run_all 0
ends "$passed passed, 0 failed"
times 8
called '^tree test .*-c opt --keep_going .*//\.\.\.$'
called '^tree test .*--config=tsan --build_tests_only .*//\.\.\.$'
called '^tree test .*-c opt --config=gcc .*//\.\.\.$'
called '^tree test .*--config=fuzz .*//fuzz/\.\.\. //bazel/planted/\.\.\.$'
called '^tree test .*--config=ubsan .* //bazel/planted/\.\.\.$'
called '^consumer test .*//\.\.\.$'

run_all 0 --all tsan opt
times 2
called 'config=tsan .*--test_tag_filters=-no-tsan .*//\.\.\.$'
called '-c opt --test_tag_filters=-no-opt .*//\.\.\.$'

echo --config=asan >"$TEST_TMPDIR/fails_under"
run_all 1
ends "$((passed - 1)) passed, 1 failed"
times 8

# Without the proof that a configuration is what it says, it has failed.
: >"$TEST_TMPDIR/fails_under"
sed -i 's#//bazel/planted:race_test##' "$TEST_TMPDIR/proofs"
run_all 1
ends "$((passed - 8)) passed, 1 failed"
: >"$TEST_TMPDIR/proofs"

: >"$TEST_TMPDIR/fails_under"
run_all 0 tsan asan --runs_per_test=3 //lib/sync/...
ends "2 passed, 0 failed"
times 2
called 'config=tsan .*--runs_per_test=3 //lib/sync/\.\.\.$'

run_all 0 //lib/sync/...
times 7
run_all 0 consumer
times 1
