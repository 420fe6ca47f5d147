#!/usr/bin/env bash
# weaken_sh_test.sh WEAKEN RUN_BAZEL: what it builds, runs and compares, with a bazel and a run.sh
# that say what they were given.
set -euo pipefail
tree=$TEST_TMPDIR/tree
mkdir -p "$tree"/{stress/weaken,bazel/door,lib/sync,include/ashlar/internal/sync}
cp -L "$1" "$tree/stress/weaken/weaken.sh"
cp -L "$2" "$tree/bazel/door"
touch "$tree"/lib/sync/{a.cc,a_test.cc} "$tree/include/ashlar/internal/sync/a.h"
printf '#!/bin/sh\necho "bazel $*"\ntest ! -e "$TEST_TMPDIR/does_not_build"\n' >"$TEST_TMPDIR/bazel"
printf '#!/bin/sh\necho "run $*"\n' >"$tree/stress/weaken/run.sh"
chmod +x "$tree"/stress/weaken/*.sh "$TEST_TMPDIR/bazel"
export ASHLAR_BAZEL=$TEST_TMPDIR/bazel

expect() {
  local expected=$1 said code=0
  shift
  said=$(cd "$TEST_TMPDIR" && "$tree/stress/weaken/weaken.sh" "$@" 2>/dev/null) || code=$?
  said=${said//--noshow_progress --color=no /}
  [[ "$said, $code" == "$expected" ]] || { echo "FAILED: $*: $said, $code"; exit 1; }
}
of="--of include/ashlar/internal/sync/a.h lib/sync/a.cc"
built="bazel build -c opt //lib/sync/explored:sync_explored_test"
run="run bazel-bin/lib/sync/explored/sync_explored_test --"
golden="golden lib/sync/explored/weaken.golden --ledger lib/sync/EDGES.md"
expect "$built"$'\n'"$run --$golden $of, 0"
expect "$built"$'\n'"$run --write-$golden $of, 0" --write-golden
expect $'bazel build -c opt //a:b //c:d\n'"run bazel-bin/a/b bazel-bin/c/d -- $of, 0" //a:b //c:d
touch "$TEST_TMPDIR/does_not_build"
expect "$built, 1"
