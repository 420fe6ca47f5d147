#!/usr/bin/env python3
"""What summary.py counts as passed and as failed."""

import contextlib
import io
import json
import os
import tempfile
import unittest

import summary


def _test(label, status):
    return {"id": {"testSummary": {"label": label}}, "testSummary": {"overallStatus": status}}


def _target(label, **payload):
    return {"id": {"targetCompleted": {"label": label}}, **payload}


_BUILT = {"completed": {"success": True}}


class Summary(unittest.TestCase):

    def summarise(self, *runs, narrowed=False, name="run%d"):
        """Runs are (exit code, events); returns the lines printed and the exit code."""
        with tempfile.TemporaryDirectory() as folder:
            arguments = ["--narrowed"] if narrowed else []
            for number, (code, events) in enumerate(runs):
                path = os.path.join(folder, str(number))
                if events is not None:
                    with open(path, "w", encoding="utf-8") as file:
                        file.writelines(json.dumps(event) + "\n" for event in events)
                run_name = name % number if "%" in name else name
                arguments.append("%s:%d:7:%s" % (run_name, code, path))
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                code = summary.main(arguments)
        return output.getvalue().splitlines(), code

    def assert_ends(self, outcome, line, code):
        self.assertEqual((outcome[0][-1], outcome[1]), (line, code), outcome[0])

    def test_what_passed_is_added_over_the_runs(self):
        run = (0, [_test("//:a", "PASSED"), _test("//:b", "FLAKY"), _target("//:a", **_BUILT)])
        self.assert_ends(self.summarise(run, run), "4 passed, 0 failed", 0)

    def test_a_failed_test_is_named_with_its_run(self):
        outcome = self.summarise((3, [_test("//:a", "PASSED"), _test("//:b", "TIMEOUT")]))
        self.assert_ends(outcome, "1 passed, 1 failed", 1)
        self.assertIn("failed: run0 //:b", outcome[0])

    def test_a_target_that_does_not_build_has_failed(self):
        for payload in ({"completed": {}}, {"aborted": {"reason": "ANALYSIS_FAILURE"}}):
            events = [_test("//:a", "PASSED"), _target("//:b", **payload)]
            self.assert_ends(self.summarise((1, events)), "1 passed, 1 failed", 1)

    def test_a_skipped_target_counts_neither_way(self):
        events = [_test("//:a", "PASSED"), _target("//:b", aborted={"reason": "SKIPPED"})]
        self.assert_ends(self.summarise((0, events)), "1 passed, 0 failed", 0)

    def test_a_test_that_did_not_build_counts_once(self):
        events = [_target("//:b", completed={}), _test("//:b", "NO_STATUS")]
        self.assert_ends(self.summarise((1, events)), "0 passed, 1 failed", 1)

    def test_a_test_without_a_status_has_failed(self):
        for payload in ({}, {"testSummary": {}}, {"testSummary": {"totalRunCount": 1}}):
            events = [_test("//:a", "PASSED"),
                      {"id": {"testSummary": {"label": "//:b"}}, **payload}]
            self.assert_ends(self.summarise((1, events)), "1 passed, 1 failed", 1)

    def test_a_run_without_its_proof_has_failed(self):
        proofs = summary.PROOFS["checked"]
        events = [_test(label, "PASSED") for label in proofs]
        self.assert_ends(self.summarise((0, events), name="checked"), "3 passed, 0 failed", 0)
        outcome = self.summarise((0, events[1:]), name="checked")
        self.assert_ends(outcome, "2 passed, 1 failed", 1)
        self.assertIn("failed: checked " + proofs[0], outcome[0])
        self.assert_ends(self.summarise((0, events[1:]), name="checked", narrowed=True),
                         "2 passed, 0 failed", 0)

    def test_a_bazel_that_fails_by_itself_has_failed(self):
        for events in ([_test("//:a", "PASSED")], None):
            passed = 1 if events else 0
            self.assert_ends(self.summarise((37, events)), "%d passed, 1 failed" % passed, 1)

    def test_a_run_without_tests_has_failed(self):
        good = (0, [_test("//:a", "PASSED")])
        for code in (0, 4):
            self.assert_ends(self.summarise(good, (code, [])), "1 passed, 1 failed", 1)

    def test_a_narrowed_run_may_have_no_tests_but_not_all(self):
        good = (0, [_test("//:a", "PASSED")])
        self.assert_ends(self.summarise(good, (4, []), narrowed=True), "1 passed, 0 failed", 0)
        self.assert_ends(self.summarise((4, []), narrowed=True), "0 passed, 1 failed", 1)


if __name__ == "__main__":
    unittest.main()
