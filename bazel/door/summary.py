#!/usr/bin/env python3
"""Adds up what several runs of bazel did: `N passed, N failed`, the last line alone.

    summary.py [--narrowed] NAME:EXIT_CODE:SECONDS:BUILD_EVENT_JSON_FILE...

A test counts once for each run. These count as failed: a test that failed or timed out, a target
that did not build, a run in which bazel itself failed without naming a target, a run without a
single test, and a run whose proofs (PROOFS) did not pass: a test that its own select() skips is
otherwise seen by nobody. --narrowed: the user named the targets, so that a run may have none; all
together may not. Exit code 0 if something passed and nothing failed.
"""

import json
import sys


# What must have passed in a run of that name, for the configuration to be what it says.
PROOFS = {
    "opt": (
        "//bench/instructions:count_test",
        "//bench/instructions:slab_cache_new_delete_test",
        "//stress:main_job_test",
    ),
    "checked": (
        "//bazel/planted:double_free_test",
        "//bazel/planted:foreign_free_test",
        "//bazel/planted:wrong_size_test",
    ),
    "asan": (
        "//bazel/planted:overflow_test",
        "//bazel/planted:use_after_free_test",
    ),
    "ubsan": ("//bazel/planted:overflow_test",),
    "tsan": (
        "//bazel/planted:race_test",
        "//bazel/tsan:suppressions_test",
    ),
    "fuzz": (
        "//bazel/planted:crash_fuzz_test",
        "//bazel/planted:stack_fuzz_test",
    ),
}


class Run:
    """One run of bazel: the labels that passed and that failed, from its build event file."""

    def __init__(self, name, exit_code, seconds, path):
        self.name = name
        self.seconds = seconds
        self.passed = set()
        self.failed = set()
        for event in _events(path):
            self._read(event)
        if exit_code not in (0, _NO_TESTS) and not self.failed:
            self.failed.add("(bazel ended with code %d)" % exit_code)

    def _read(self, event):
        kind = event["id"]
        if "testSummary" in kind:
            # An event without a status tells of a test that did not come to an end.
            status = event.get("testSummary", {}).get("overallStatus")
            passed = status in ("PASSED", "FLAKY")
            (self.passed if passed else self.failed).add(kind["testSummary"]["label"])
        elif "targetCompleted" in kind and not _built_or_skipped(event):
            self.failed.add(kind["targetCompleted"]["label"])


_NO_TESTS = 4


def _built_or_skipped(event):
    if "aborted" in event:
        return event["aborted"].get("reason") == "SKIPPED"
    return event.get("completed", {}).get("success", False)


def _events(path):
    """The events of the file; none if bazel did not come as far as to write it."""
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except (OSError, ValueError):
        return


def main(arguments):
    narrowed = arguments[:1] == ["--narrowed"]
    runs = []
    for outcome in arguments[1:] if narrowed else arguments:
        name, exit_code, seconds, path = outcome.split(":", 3)
        runs.append(Run(name, int(exit_code), seconds, path))
    if not narrowed:
        for run in runs:
            if not run.passed and not run.failed:
                run.failed.add("(no test ran)")
            elif run.passed:
                run.failed.update(label for label in PROOFS.get(run.name, ())
                                  if label not in run.passed)
    for run in runs:
        print("%-10s %4d passed %4d failed %6s s"
              % (run.name, len(run.passed), len(run.failed), run.seconds))
    for run in runs:
        for label in sorted(run.failed):
            print("failed: %s %s" % (run.name, label))
    passed = sum(len(run.passed) for run in runs)
    failed = sum(len(run.failed) for run in runs)
    if passed == failed == 0:
        failed = 1
        print("failed: no test ran")
    print("%d passed, %d failed" % (passed, failed))
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
