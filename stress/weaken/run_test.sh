#!/usr/bin/env bash
# run_test.sh RUN: programs that note mutants are run and judged; one that fails ends it.
set -euo pipefail
run=$1
source=$TEST_TMPDIR/word.h
printf 'void Give() {\n  x.store(1, std::memory_order_release);  // release, B1\n}\n' >"$source"

# program NAME EXIT_CODE EXECUTIONS: one that notes such a mutant.
program() {
  cat >"$TEST_TMPDIR/$1" <<PROGRAM
#!/usr/bin/env bash
printf '$source:2:5\tGive()\tstore\trelease\trelaxed\t$3\tx:1#0\t\n' >>"\$ASHLAR_WEAKEN"
echo "$1 was here"
exit $2
PROGRAM
  chmod +x "$TEST_TMPDIR/$1"
}
fail() {
  printf 'FAILED: %s\n--- said:\n%s\n' "$1" "$said"
  exit 1
}
touch "$TEST_TMPDIR/x"
program finds 0 3
program misses 0 survives
program breaks 5 3

said=$(cd "$TEST_TMPDIR" && ln -sfn "$OLDPWD/stress" stress &&
  "$OLDPWD/$run" ./misses ./finds -- --of "$source")
[[ $said == *"1 of 1 weaker orders were killed"* ]] || fail "two programs are not merged"
said=$(cd "$TEST_TMPDIR" && "$OLDPWD/$run" ./misses -- --of "$source")
[[ $said == *"0 of 1 weaker orders were killed"* ]] || fail "the other's mutants are still there"
code=0
said=$(cd "$TEST_TMPDIR" && "$OLDPWD/$run" ./breaks -- --of "$source") || code=$?
[[ $code == 1 && $said == "breaks was here" ]] || fail "a program that fails is passed over"
