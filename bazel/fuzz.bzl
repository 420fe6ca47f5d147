"""Fuzz targets for libFuzzer."""

load("//bazel:defs.bzl", "ashlar_cc_main_test")

def fuzzer_linkopts():
    """Links libFuzzer's main function; for --config=fuzz, which compiles with its coverage."""
    return ["-fsanitize=fuzzer"]

def cc_fuzz_test(name, srcs, deps = [], corpus = [], dictionary = None, **kwargs):
    """A fuzz target, that is a LLVMFuzzerTestOneInput, as a test.

    In every configuration but fuzz it replays its corpus, file by file, and needs no libFuzzer:
    what a campaign once found stays found. With --config=fuzz the same target is the fuzzer, and as
    a test a short campaign of a fixed number of inputs that starts from nothing. For a long one the
    program itself is called (CONTRIBUTING.md): `bazel run` would give it the test's arguments.

    Args:
      name: of the target.
      srcs: its sources.
      deps: of them.
      corpus: files, one input each.
      dictionary: a file of words, for libFuzzer.
      **kwargs: as cc_test has them.
    """
    ashlar_cc_main_test(
        name = name,
        srcs = srcs,
        args = select({
            "//bazel:fuzz": ["-runs=20000", "-seed=1"] + (
                ["-dict=$(location %s)" % dictionary] if dictionary else []
            ),
            "//conditions:default": ["$(location %s)" % file for file in corpus],
        }),
        data = corpus + ([dictionary] if dictionary else []),
        linkopts = select({
            "//bazel:fuzz": fuzzer_linkopts(),
            "//conditions:default": [],
        }),
        deps = deps + ["//fuzz:fuzz_target"] + select({
            "//bazel:fuzz": [],
            "//conditions:default": ["//fuzz:replay"],
        }),
        **kwargs
    )
