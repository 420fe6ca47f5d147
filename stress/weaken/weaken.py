#!/usr/bin/env python3
"""Is each memory order needed? The table of what the explored tests killed.

    weaken.py [--golden FILE] [--write-golden FILE] [--ledger FILE] --of SOURCE... MUTANTS...

MUTANTS are files that explored tests wrote, run with ASHLAR_WEAKEN=FILE: a line for each access,
weaker order and exploration (stress/explorer/weaken.h). Each order in a SOURCE, but for relaxed,
is an end of an edge. A weaker order there is killed if some exploration fails with it, else it
survives; an end that no exploration came to is not met. Paths are relative to the working folder.

--golden FILE        where do the verdicts differ from those in FILE? Numbers are not compared.
--write-golden FILE  writes the verdicts
--ledger FILE        does each explored witness in FILE (lib/sync/EDGES.md) kill what its row says?

Exit code 1 if something differs.
"""

import argparse
import os
import re
import sys

import ledger
from ends import Source, short_function

_STRONGEST_FIRST = ("acq_rel", "acquire", "release", "relaxed")


class Row:
    """What came of one weaker order at one end; no order if no exploration met the end."""

    def __init__(self, end, weaker):
        self.end = end
        self.weaker = weaker
        self.killers = {}  # test: the executions that it took

    def verdict(self):
        if not self.weaker:
            return "not met"
        return "killed" if self.killers else "survives"


def _here(path):
    return os.path.relpath(path)


class Tests:
    """Which test an exploration, file:line#n, stands in."""

    def __init__(self):
        self._lines = {}

    def name(self, exploration):
        path, line = re.fullmatch(r"(.*):(\d+)#\d+", exploration).groups()
        if path not in self._lines:
            with open(_here(path), encoding="utf-8") as file:
                self._lines[path] = file.read().split("\n")
        for above in reversed(self._lines[path][:int(line)]):
            found = re.match(r"TEST(?:_F|_P)?\((\w+), (\w+)\)", above)
            if found:
                return "%s.%s" % found.groups()
        return exploration


def judge(sources, mutants, test_name):
    """A row for each weaker order at each end, as they stand in the sources {path: Source}.
    Mutants elsewhere are none of ours."""
    by_end = {end: {} for path in sorted(sources) for end in sources[path].ends}
    for mutant in mutants:
        place, function, verb, order, weaker, executions, exploration, _ = mutant.split("\t")
        path, line, column = (place + ":0:0").split(":")[:3]
        source = sources.get(_here(path))
        end = source and source.find(int(line), int(column), short_function(function), verb, order)
        if not end:
            continue
        row = by_end[end].setdefault(weaker, Row(end, weaker))
        if executions != "survives":
            test = test_name(exploration)
            row.killers[test] = min(int(executions), row.killers.get(test, sys.maxsize))
    return [row for end, rows in by_end.items()
            for row in sorted(rows.values(), key=lambda row: _STRONGEST_FIRST.index(row.weaker))
            or [Row(end, "")]]


def table_of(rows):
    """The rows as text; the last line says how many were killed."""
    lines = [("place", "function", "edge", "order", "weakened", "executions", "killed by")]
    for row in rows:
        number, by = row.verdict(), ""
        if row.killers:
            number, by = min((n, test) for test, n in row.killers.items())
            by += ", %d more" % (len(row.killers) - 1) if len(row.killers) > 1 else ""
        lines.append(("%s:%d" % (os.path.basename(row.end.path), row.end.line), row.end.function,
                      " ".join(row.end.labels), row.end.order, row.weaker, str(number), by))
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)
    killed = sum(row.verdict() == "killed" for row in rows)
    percent = 100 * killed // len(rows) if rows else 0
    return text + "%d of %d weaker orders were killed: %d%%\n" % (killed, len(rows), percent)


def golden_of(rows):
    """A line for each row, with what does not change from day to day."""
    return ["%s -> %s: %s" % (row.end.name(), row.weaker or "?", row.verdict()) for row in rows]


def differences(golden, now):
    """What some golden lines say otherwise than those of now."""
    was, is_now = (dict(line.rsplit(": ", 1) for line in lines) for lines in (golden, now))
    for key in list(is_now) + [key for key in was if key not in is_now]:
        if was.get(key) != is_now.get(key):
            yield "%s: was %s, is %s" % (key, was.get(key, "missing"), is_now.get(key, "missing"))


def _read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--golden")
    parser.add_argument("--write-golden")
    parser.add_argument("--ledger")
    parser.add_argument("--of", nargs="+", required=True)
    parser.add_argument("mutants", nargs="+")
    options = parser.parse_args(arguments)

    sources = {_here(path): Source(_here(path), _read(path)) for path in options.of}
    mutants = [line for path in options.mutants for line in _read(path).splitlines()]
    rows = judge(sources, mutants, Tests().name)
    print(table_of(rows), end="")

    faults = []
    if options.ledger:
        faults += ledger.faults(_read(options.ledger), rows)
    if options.golden:
        golden = [line for line in _read(options.golden).splitlines() if not line.startswith("#")]
        faults += differences(golden, golden_of(rows))
    if options.write_golden:
        with open(options.write_golden, "w", encoding="utf-8") as file:
            file.write("# Written by ./ashlar weaken --write-golden (stress/weaken/weaken.py).\n")
            file.writelines(line + "\n" for line in golden_of(rows))
    for fault in faults:
        print("differs: " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
