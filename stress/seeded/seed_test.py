#!/usr/bin/env python3
"""seed.py plants what fits, and names the bug that does not: the copies never go stale unnoticed.

    seed_test.py SEED.PY
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

_SEED = os.path.abspath(sys.argv.pop(1))

_SOURCE = """int Twice(int x) {
  // A comment between
  // what is looked for.
  const int sum = x + x;  // and one behind
  return sum;
}
int Line() { return __LINE__; }
"""


def _bug(old, new, name="a bug", file="lib/a.cc"):
    return ("bug %s\nlayer sync\nscenario S\nwithin 7\nfile %s\nold %s\nnew %s\n" %
            (name, file, old, new))


def _plant(catalogue):
    """Return code, what was said, the copy and the table."""
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        (top / "lib").mkdir()
        (top / "x.bugs").write_text(catalogue)
        (top / "lib/a.cc").write_text(_SOURCE)
        done = subprocess.run(
            [sys.executable, _SEED, "--table=table.cc", "--root=copies", "--include_root=copies",
             "x.bugs", "lib/a.cc"], cwd=folder, stderr=subprocess.PIPE, universal_newlines=True)
        made = [path.read_text() if path.exists() else ""
                for path in (top / "copies/lib/a.cc", top / "table.cc")]
        return [done.returncode, done.stderr] + made


class Seed(unittest.TestCase):

    def assert_refused(self, catalogue, words):
        code, said, _, table = _plant(catalogue)
        self.assertNotEqual(code, 0)
        self.assertIn(words, said)
        self.assertEqual(table, "")  # without it nothing is built

    def test_a_bug_stands_behind_a_look_at_its_number(self):
        catalogue = _bug("x + x", "SEEDED ? x : OLD") + _bug("return sum;", "return SEEDED;", "two")
        code, said, copy, table = _plant(catalogue)
        self.assertEqual((code, said), (0, ""))
        self.assertIn("sum = (::ashlar::seeded::bug == 1) ? x : x + x;", copy)
        self.assertIn("return (::ashlar::seeded::bug == 2);", copy)
        self.assertIn('{"a bug", "sync", "S", 7},', table)
        self.assertIn('{"two", "sync", "S", 7},', table)

    def test_without_a_bug_a_copy_is_its_source(self):
        code, _, copy, _ = _plant("")
        self.assertEqual(code, 0)
        self.assertTrue(copy.endswith(_SOURCE), copy)

    def test_white_space_and_comments_of_the_source_match(self):
        code, _, copy, _ = _plant(_bug("int x) {\n    const int sum = x", "OLD"))
        self.assertEqual(code, 0)
        self.assertIn(_SOURCE.splitlines()[3], copy)

    def test_lines_keep_their_numbers(self):
        code, _, copy, _ = _plant(_bug("const int sum = x + x;", "one;\n    two;\n    three;"))
        self.assertEqual(code, 0)
        after = copy.split("three;")[1].split("\n")
        self.assertEqual(after[1:3], ["#line 5", _SOURCE.splitlines()[4]])

    def test_what_is_not_found_is_refused(self):
        self.assert_refused(_bug("x - x", "OLD"), "`x - x` is found 0 times, for bug `a bug`")

    def test_what_is_found_twice_is_refused(self):
        self.assert_refused(_bug("return", "OLD"), "`return` is found 2 times, for bug `a bug`")

    def test_all_that_do_not_fit_are_told(self):
        code, said, _, _ = _plant(_bug("x - x", "OLD") + _bug("return", "OLD", "two"))
        self.assertNotEqual(code, 0)
        self.assertIn("for bug `a bug`", said)
        self.assertIn("for bug `two`", said)

    def test_two_edits_of_one_text_are_refused(self):
        self.assert_refused(_bug("int sum = x", "OLD") + _bug("x + x", "OLD", "two"),
                            "edits text that another edits")

    def test_a_file_that_is_not_copied_is_refused(self):
        self.assert_refused(_bug("x", "OLD", file="lib/b.cc"), "lib/b.cc: no such source")

    def test_a_bug_without_a_bound_is_refused(self):
        self.assert_refused(_bug("x + x", "OLD").replace("within 7\n", ""), "has no layer")

    def test_an_unknown_key_is_refused(self):
        self.assert_refused("bog a bug\n", "x.bugs:1: unknown key bog")


if __name__ == "__main__":
    unittest.main()
