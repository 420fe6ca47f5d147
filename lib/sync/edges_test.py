#!/usr/bin/env python3
"""Are the ledger of edges and the memory orders in the code the same story?

    edges_test.py LEDGER      EDGES.md, in the folder lib/sync of the tree that is looked at

Every order but relaxed has a comment beside it, or right above its statement, that names the order
and the edge; every relaxed one has a reason near; every edge has a row and both ends in the code;
every witness is a test that exists, or the word "open". explored/weaken.golden has each order that
is in the code; each is killed when it is weakened, or the ledger names it and argues why not.
"""

import collections
import glob
import os
import re
import sys
import unittest

_ORDER = re.compile(r"memory_order_(\w+)")
_LABEL = re.compile(r"\b([A-Z][0-9])\b")
_TEST = re.compile(r"\bT(?:YPED_T)?EST(?:_F|_P)?\((\w+),\s*(\w+)\)")
_WORDS = {"acquire": ("acquire",), "release": ("release",), "acq_rel": ("acquire", "release"),
          "seq_cst": ("seq_cst",)}
_LINES_ABOVE = 4          # of a statement that has the comment above it
_LINES_ABOVE_RELAXED = 14  # a reason may be given for a whole small class


def _comment(line):
    return line.partition("//")[2]


def _comment_above(lines, number):
    """The comment lines next above a statement that may have begun some lines before."""
    for first in range(number - 1, max(number - 1 - _LINES_ABOVE, -1), -1):
        if lines[first].lstrip().startswith("//"):
            text = []
            while first >= 0 and lines[first].lstrip().startswith("//"):
                text.insert(0, _comment(lines[first]))
                first -= 1
            return " ".join(text)
    return ""


def code_faults(path, text, ends):
    """Faults of one source; adds (label, order) of each end that it has to `ends`."""
    faults = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        code = line.partition("//")[0]
        for order in _ORDER.findall(code):
            where = "%s:%d: %s" % (path, number + 1, order)
            if order == "relaxed":
                near = " ".join(map(_comment, lines[max(number - _LINES_ABOVE_RELAXED, 0):number + 1]))
                if "relaxed" not in near:
                    faults.append(where + ": no reason")
                continue
            comment = _comment(line)
            if not _LABEL.search(comment):
                comment = _comment_above(lines, number)
            labels = _LABEL.findall(comment)
            if not labels or not all(word in comment for word in _WORDS[order]):
                faults.append(where + ": no comment that names it and its edge")
            ends.update((label, order) for label in labels)
    return faults


def rows(ledger):
    """The cells of each row of the table of edges."""
    for line in ledger.split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and len(cells) == 5 and _LABEL.fullmatch(cells[0].strip("| ")):
            yield [cell.strip("| ") for cell in cells]


def ledger_faults(ledger, ends, tests):
    """Where the ledger differs from the ends in the code and from the tests that exist."""
    faults = []
    listed = {cells[0] for cells in rows(ledger)}
    for label in sorted({label for label, _ in ends} - listed):
        faults.append("%s is in the code and not in the ledger" % label)
    for label in sorted(listed):
        orders = {order for known, order in ends if known == label}
        if not orders & {"release", "acq_rel", "seq_cst"}:
            faults.append("%s has no end in the code that releases" % label)
        if not orders & {"acquire", "acq_rel", "seq_cst"}:
            faults.append("%s has no end in the code that acquires" % label)
    for cells in rows(ledger):
        witnesses = re.findall(r"`(\w+)\.(\w+)`", cells[4])
        if not witnesses and "open" not in cells[4]:
            faults.append("%s, %s: neither a witness nor the word open" % (cells[0], cells[2]))
        for witness in witnesses:
            if witness not in tests:
                faults.append("%s: no such test: %s.%s" % ((cells[0],) + witness))
    return faults


def orders_of(path, text):
    """How often each order but relaxed is in the code of one source."""
    code = "\n".join(line.partition("//")[0] for line in text.split("\n"))
    orders = _ORDER.findall(code)
    return collections.Counter((path, order) for order in orders if order != "relaxed")


def golden_faults(golden, orders, ledger):
    """Where the verdicts of stress/weaken/weaken.py are of other code, or bad and not argued."""
    faults = []
    verdicts = {}  # path, function, order#n: worst verdict
    for line in golden.split("\n"):
        if line and not line.startswith("#"):
            name, verdict = re.fullmatch(r"(\S+ \S+ \S+) -> \S+: (.*)", line).groups()
            if verdict != "killed" or name not in verdicts:
                verdicts[name] = verdict
    known = collections.Counter()
    for name, verdict in verdicts.items():
        path, _, order = name.split(" ")
        known[path, order.partition("#")[0]] += 1
        if verdict != "killed" and "`%s`" % name not in ledger:
            faults.append("%s: %s, and the ledger does not say why" % (name, verdict))
    for path, order in sorted(known.keys() | orders.keys()):
        if known[path, order] != orders[path, order]:
            faults.append("%s: %s %d times, in weaken.golden %d: ./ashlar weaken --write-golden"
                          % (path, order, orders[path, order], known[path, order]))
    return faults


class TheTree(unittest.TestCase):
    ledger = None

    def test_code_and_ledger_tell_the_same(self):
        folder = os.path.dirname(os.path.realpath(self.ledger))
        top = os.path.dirname(os.path.dirname(folder))
        ends, tests, faults = set(), set(), []
        orders = collections.Counter()
        sources = glob.glob(top + "/include/ashlar/internal/sync/*.h") + glob.glob(folder + "/*.cc")
        self.assertGreater(len(sources), 20)
        for path in sorted(sources):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if path.endswith("_test.cc"):
                tests.update(_TEST.findall(text))
            else:
                faults += code_faults(os.path.relpath(path, top), text, ends)
                orders += orders_of(os.path.relpath(path, top), text)
        for path in glob.glob(folder + "/relacy/*_test.cc") + glob.glob(
                folder + "/explored/*_test.cc"):
            with open(path, encoding="utf-8") as file:
                tests.update(_TEST.findall(file.read()))
        with open(self.ledger, encoding="utf-8") as file:
            ledger = file.read()
        faults += ledger_faults(ledger, ends, tests)
        with open(folder + "/explored/weaken.golden", encoding="utf-8") as file:
            faults += golden_faults(file.read(), orders, ledger)
        self.assertEqual(faults, [])


class TheTest(unittest.TestCase):
    """Each kind of fault, planted."""

    def assert_code(self, text, words):
        faults = code_faults("a.h", text, set())
        self.assertEqual(len(faults), 1 if words else 0, faults)
        self.assertIn(words, "".join(faults))

    def test_an_order_needs_its_edge_beside_or_above(self):
        self.assert_code("x.load(std::memory_order_acquire);", "no comment")
        self.assert_code("x.load(std::memory_order_acquire);  // acquire, B1", "")
        self.assert_code("// acquire, B1: so\nwhile (x.load(\n    std::memory_order_acquire)) {", "")
        self.assert_code("// release, B1\nx.load(std::memory_order_acquire);", "no comment")
        self.assert_code("// acquire, B1\n\n\n\n\nx.load(std::memory_order_acquire);", "no comment")
        self.assert_code("// acquire, B1\nx.fetch_sub(std::memory_order_acq_rel);", "no comment")

    def test_relaxed_needs_a_reason(self):
        self.assert_code("x.load(std::memory_order_relaxed);", "no reason")
        self.assert_code("// relaxed: a count.\n\nx.load(std::memory_order_relaxed);", "")

    def test_an_edge_has_a_row_two_ends_and_a_witness(self):
        row = "| B1 | a | b | c | both ends: `X.Y` |\n"
        ends = {("B1", "release"), ("B1", "acquire")}
        tests = {("X", "Y")}
        self.assertEqual(ledger_faults(row, ends, tests), [])
        self.assertEqual(ledger_faults(row, ends | {("B2", "seq_cst")}, tests),
                         ["B2 is in the code and not in the ledger"])
        self.assertEqual(ledger_faults(row, {("B1", "release")}, tests),
                         ["B1 has no end in the code that acquires"])
        self.assertEqual(ledger_faults(row, {("B1", "acquire")}, tests),
                         ["B1 has no end in the code that releases"])
        self.assertEqual(ledger_faults(row, ends, set()), ["B1: no such test: X.Y"])
        self.assertEqual(ledger_faults(row.replace("`X.Y`", "none"), ends, tests),
                         ["B1, b: neither a witness nor the word open"])
        self.assertEqual(ledger_faults(row.replace("`X.Y`", "open"), ends, tests), [])

    def test_each_order_is_weakened_and_killed_or_argued(self):
        orders = orders_of("a.h", "x.load(std::memory_order_acquire);  // memory_order_seq_cst\n"
                           "y.load(std::memory_order_acquire, std::memory_order_relaxed);")
        golden = "# a.h\na.h F acquire -> relaxed: killed\na.h F acquire#2 -> relaxed: killed\n"
        self.assertEqual(golden_faults(golden, orders, ""), [])
        survives = golden.replace("#2 -> relaxed: killed", "#2 -> relaxed: survives")
        self.assertEqual(golden_faults(survives, orders, "`a.h F acquire`"),
                         ["a.h F acquire#2: survives, and the ledger does not say why"])
        self.assertEqual(golden_faults(survives, orders, "`a.h F acquire#2`"), [])
        self.assertEqual(golden_faults(golden, orders_of("a.h", "std::memory_order_release"), ""),
                         [line + ": ./ashlar weaken --write-golden" for line in
                          ("a.h: acquire 0 times, in weaken.golden 2",
                           "a.h: release 1 times, in weaken.golden 0")])


if __name__ == "__main__":
    TheTree.ledger = sys.argv.pop(1)
    unittest.main()
