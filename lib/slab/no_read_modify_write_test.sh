#!/usr/bin/env bash
# no_read_modify_write_test.sh SINGLE_THREADED CONCURRENT: no function of a single-threaded cache has
# an atomic read-modify-write instruction, nor calls a function of ours that has one; and the same
# look at a concurrent cache finds some.
#
# The functions are those whose names speak of the model, and all of namespace ashlar that these call,
# directly or not. x86-64: what is looked for is a lock prefix, or an exchange with memory.
set -uo pipefail
single_threaded=$1 concurrent=$2

# offenders PROGRAM MODEL: prints "N functions", then a line for each offending instruction.
offenders() {
  objdump --disassemble --demangle --no-show-raw-insn "$1" | awk -v model="$2" '
    function name_in(text) { sub(/^[^<]*</, "", text); sub(/>:?$/, "", text); return text }
    /^[0-9a-f]+ <.*>:$/ { current = name_in($0); names[current] = 1; next }
    current == "" { next }
    /\tlock / || /\txchg .*\(/ { offences[current] = offences[current] "\n  " $0 }
    /\t(call|jmp) .*<.*>$/ {
      callee = $0
      sub(/^.*\t(call|jmp) +[0-9a-f]+ </, "", callee)
      sub(/>$/, "", callee)
      sub(/\+0x[0-9a-f]+$/, "", callee)
      calls[current] = calls[current] "\n" callee
    }
    END {
      for (name in names) if (index(name, model) || index(name, "UseCacheOfModel")) todo[++n] = name
      for (i = 1; i <= n; ++i) {
        if (seen[todo[i]]++) continue
        ++functions
        if (todo[i] in offences) print todo[i] offences[todo[i]]
        count = split(calls[todo[i]], callees, "\n")
        for (c = 1; c <= count; ++c) {
          if (index(callees[c], "ashlar::") && (callees[c] in names)) todo[++n] = callees[c]
        }
      }
      print functions + 0 " functions"
    }'
}

fail() {
  echo "FAILED: $1"
  exit 1
}

"$single_threaded" || fail "the single-threaded program does not work"
"$concurrent" || fail "the concurrent program does not work"

found=$(offenders "$concurrent" Concurrent)
grep -q 'lock ' <<<"$found" || fail "nothing was found where there is something to find"
found=$(offenders "$single_threaded" SingleThreaded)
echo "$found"
functions=$(sed -n 's/ functions$//p' <<<"$found")
((functions >= 20)) || fail "only $functions functions were looked at"
! grep -qE '\s(lock|xchg) ' <<<"$found" || fail "atomic read-modify-writes in a single-threaded cache"
