#!/usr/bin/env python3
"""Which access belongs to which order, what counts as killed, and what differs."""

import contextlib
import io
import os
import tempfile
import unittest

import ends
import ledger
import weaken

_HEADER = """\
class Word {
 public:
  // release, B1: so.
  void Give() { bits_.fetch_or(1, std::memory_order_release); }
  bool Take(int n) {
    int seen = bits_.load(std::memory_order_seq_cst);  // seq_cst, B2
    do {
      // acquire, B1. acquire on failure, B1: it looks again.
    } while (!bits_.CompareExchange(seen, Next(seen, n), std::memory_order_acquire,
                                    std::memory_order_acquire));
    return Word::Is(bits_.load(std::memory_order_relaxed));  // relaxed: a look
  }
};
"""
_LEDGER = """\
| edge | from | to | protects | witness |
|---|---|---|---|---|
| B1 | `Word::Give`, release | `Take`, acquire | bits | both ends: `WordExplored.Is`, `Word.Old` |
| B2 | `Take`, seq_cst | `Take`, seq_cst (acquire) | bits | to: `WordExplored.Sees` |
"""


def _mutant(line, column, verb, order, weaker, executions, test, function="Word::Give()"):
    return "\t".join(("a.h:%d:%d" % (line, column), function, verb, order, weaker, executions, test,
                      "data race"))


def _rows(*mutants):
    sources = {"a.h": ends.Source("a.h", _HEADER)}
    return weaken.judge(sources, mutants, lambda exploration: exploration)


def _verdicts(*mutants):
    return [line.partition(" ")[2] for line in weaken.golden_of(_rows(*mutants))]


class Ends(unittest.TestCase):

    def test_each_order_but_relaxed_has_its_function_and_its_edges(self):
        source = ends.Source("a.h", _HEADER)
        self.assertEqual([(end.line, end.name(), end.labels) for end in source.ends],
                         [(4, "a.h Give release", ["B1"]), (6, "a.h Take seq_cst", ["B2"]),
                          (9, "a.h Take acquire", ["B1"]), (10, "a.h Take acquire#2", ["B1"])])

    def test_edges_are_named_beside_or_in_the_comment_above_the_statement(self):
        source = ends.Source("a.h", """\
  // acquire, B1,
  // and B2.
  x(a,
    memory_order_acquire);
  y(memory_order_acquire);
  z(memory_order_release);  // release, B3
  y(memory_order_acquire);
""")
        self.assertEqual([end.labels for end in source.ends], [["B1", "B2"], [], ["B3"], []])

    def test_an_access_is_found_by_the_name_of_its_call(self):
        source = ends.Source("a.h", _HEADER)
        give, look, swap, failure = source.ends
        self.assertEqual(source.find(4, 23, "Give", "rmw", "release"), give)
        self.assertEqual(source.find(6, 22, "Take", "load", "seq_cst"), look)
        self.assertEqual(source.find(9, 21, "Take", "cas", "acquire"), swap)
        self.assertEqual(source.find(9, 21, "Take", "cas failure", "acquire"), failure)
        self.assertEqual(source.find(9, 21, "Take", "load", "acquire"), failure)

    def test_what_is_not_written_here_is_none_of_ours(self):
        source = ends.Source("a.h", _HEADER)
        self.assertIsNone(source.find(4, 22, "Give", "rmw", "release"))
        self.assertIsNone(source.find(4, 23, "Give", "rmw", "seq_cst"))
        self.assertIsNone(source.find(11, 27, "Take", "load", "acquire"))

    def test_without_a_line_the_function_tells(self):
        source = ends.Source("a.h", _HEADER)
        self.assertEqual(source.find(0, 0, "Take", "load", "seq_cst"), source.ends[1])
        self.assertIsNone(source.find(0, 0, "Give", "load", "seq_cst"))

    def test_a_symbol_is_known_by_its_bare_name(self):
        for symbol in ("n::Word<n::Model>::Give(unsigned long) const", "Give", "void Give(int)",
                       "n::(anonymous namespace)::Give()", "void n::W<int>::Give<int (char)>(int)",
                       "void n::Word<n::(anonymous namespace)::Node, n::Model>::Give<n::Lo"):
            self.assertEqual(ends.short_function(symbol), "Give")


class Verdicts(unittest.TestCase):

    def test_one_exploration_that_fails_kills(self):
        self.assertEqual(_verdicts(_mutant(4, 23, "rmw", "release", "relaxed", "survives", "t"),
                                   _mutant(4, 23, "rmw", "release", "relaxed", "7", "u"))[0],
                         "Give release -> relaxed: killed")

    def test_none_that_fails_lets_it_survive_and_none_at_all_is_said(self):
        self.assertEqual(_verdicts(_mutant(6, 22, "load", "seq_cst", "relaxed", "survives", "t"),
                                   _mutant(6, 22, "load", "seq_cst", "acquire", "7", "t"),
                                   _mutant(7, 1, "load", "seq_cst", "acquire", "7", "t"))[:3],
                         ["Give release -> ?: not met", "Take seq_cst -> acquire: killed",
                          "Take seq_cst -> relaxed: survives"])

    def test_the_table_names_the_quickest_and_counts(self):
        rows = _rows(_mutant(4, 23, "rmw", "release", "relaxed", "9", "t"),
                     _mutant(4, 23, "rmw", "release", "relaxed", "7", "u"))
        table = weaken.table_of(rows).splitlines()
        self.assertEqual(table[1].split(),
                         ["a.h:4", "Give", "B1", "release", "relaxed", "7", "u,", "1", "more"])
        self.assertEqual(table[-1], "1 of 4 weaker orders were killed: 25%")

    def test_golden_verdicts_differ_where_one_changed_came_or_went(self):
        golden = ["a -> b: killed", "c -> d: killed", "e -> f: killed"]
        now = ["a -> b: killed", "c -> d: survives", "g -> h: killed"]
        self.assertEqual(list(weaken.differences(golden, now)),
                         ["c -> d: was killed, is survives", "g -> h: was missing, is killed",
                          "e -> f: was killed, is missing"])


class Ledger(unittest.TestCase):

    _KILLED = [_mutant(4, 23, "rmw", "release", "relaxed", "1", "WordExplored.Is"),
               _mutant(9, 21, "cas", "acquire", "relaxed", "1", "WordExplored.Is"),
               _mutant(9, 21, "cas failure", "acquire", "relaxed", "1", "WordExplored.Is"),
               _mutant(6, 22, "load", "seq_cst", "acquire", "1", "WordExplored.Sees"),
               _mutant(6, 22, "load", "seq_cst", "relaxed", "1", "WordExplored.Sees")]

    def assert_faults(self, text, mutants, *expected):
        self.assertEqual(ledger.faults(text, _rows(*mutants)), list(expected))

    def test_witnesses_that_kill_what_their_rows_say_are_no_faults(self):
        self.assert_faults(_LEDGER, self._KILLED)

    def test_a_witness_must_kill_both_ends_unless_the_row_says_which(self):
        expected = ("B1: WordExplored.Is does not need release in Give",
                    "B1: no explored witness for release of a.h Give release")
        survives = _mutant(4, 23, "rmw", "release", "relaxed", "survives", "WordExplored.Is")
        self.assert_faults(_LEDGER, [survives] + self._KILLED[1:], *expected)
        to_only = _LEDGER.replace("both ends: `W", "to: `W")
        self.assert_faults(to_only, [survives] + self._KILLED[1:], expected[1])

    def test_every_weaker_order_that_lacks_what_is_needed_must_be_killed(self):
        weak = _mutant(6, 22, "load", "seq_cst", "acquire", "survives", "WordExplored.Sees")
        self.assert_faults(_LEDGER, self._KILLED[:3] + [weak] + self._KILLED[4:],
                           "B2: no explored witness for seq_cst of a.h Take seq_cst")

    def test_an_end_without_a_row_and_a_row_without_an_end_are_faults(self):
        text = _LEDGER.replace("| B2 |", "| B3 |")
        self.assert_faults(text, self._KILLED, "B3: no seq_cst in Take", "B3: no acquire in Take",
                           "B2: no row for a.h Take seq_cst")


class Program(unittest.TestCase):

    def test_it_reads_files_names_tests_and_keeps_a_golden_file(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            for name, text in (("a.h", _HEADER), ("l.md", _LEDGER),
                               ("a_test.cc", "TEST(WordExplored, Is) {\n  Explore();\n}\n"),
                               ("m", self._mutants(folder)), ("n", "")):
                with open(name, "w", encoding="utf-8") as file:
                    file.write(text)
            self.assertIn(" 1           WordExplored.Is", self._run(0, "m", "--write-golden", "g"))
            self._run(0, "m", "--golden", "g")
            self.assertIn("was killed, is missing", self._run(1, "n", "--golden", "g"))
            self.assertIn("differs: B2", self._run(1, "m", "--ledger", "l.md"))

    def _mutants(self, folder):
        line = _mutant(4, 23, "rmw", "release", "relaxed", "1", "a_test.cc:2#0") + "\n"
        return line + line.replace("a.h", os.path.join(folder, "a.h"))

    def _run(self, code, *arguments):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(weaken.main(list(arguments) + ["--of", "a.h"]), code)
        return output.getvalue()


if __name__ == "__main__":
    unittest.main()
