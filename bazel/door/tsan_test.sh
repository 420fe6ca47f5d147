#!/usr/bin/env bash
# tsan_test.sh TSAN RUN_BAZEL: what it builds and runs, with a bazel that builds a stress job which
# notes how it was called.
set -euo pipefail
tree=$TEST_TMPDIR/tree
mkdir -p "$tree/bazel/door"
cp -L "$1" "$tree/bazel/door/tsan.sh"
cp -L "$2" "$tree/bazel/door"
cat >"$TEST_TMPDIR/bazel" <<'FAKE'
#!/usr/bin/env bash
echo "bazel $*" >>"$TEST_TMPDIR/calls"
mkdir -p bazel-bin/stress
cat >bazel-bin/stress/stress <<'JOB'
#!/usr/bin/env bash
echo "stress $1 $2 $TSAN_OPTIONS" >>"$TEST_TMPDIR/calls"
[[ $3 == "--seed=$ASHLAR_DELAYS_SEED" ]] || exit 1
test ! -e "$TEST_TMPDIR/finds"
JOB
chmod +x bazel-bin/stress/stress
FAKE
chmod +x "$tree/bazel/door/tsan.sh" "$TEST_TMPDIR/bazel"
export ASHLAR_BAZEL=$TEST_TMPDIR/bazel

# expect EXIT_CODE LINE ARGUMENTS...: some call begins like that; none does if it is empty.
expect() {
  local expected=$1 line=$2 code=0
  shift 2
  : >"$TEST_TMPDIR/calls"
  "$tree/bazel/door/tsan.sh" "$@" 2>"$TEST_TMPDIR/warned" || code=$?
  if [[ $code != "$expected" ]] || { [[ -n $line ]] && ! grep -q "^$line" "$TEST_TMPDIR/calls"; } ||
    [[ -z $line && -s $TEST_TMPDIR/calls ]]; then
    echo "FAILED: tsan.sh $*: exit code $code; not called: $line"
    cat "$TEST_TMPDIR/calls"
    exit 1
  fi
}
expect 0 "stress --seconds=100 --threads=8 halt_on_error=1:"
expect 0 "stress --seconds=15 --threads=8" 1.5
expect 0 "bazel build .*--config=tsan //stress:stress" 1
touch "$TEST_TMPDIR/finds"
expect 1 "stress --seconds=10" 1
expect 2 "" long
expect 2 "" 0
expect 2 "" 1 2
