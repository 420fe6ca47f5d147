"""A noun of the stress harness: name.cc, name.h and the target `name`, for stress/ alone."""

load("//bazel:defs.bzl", "ashlar_cc_library", "ashlar_cc_test")

# Tags of tests that say everything in the plain builds. A scenario runs in every configuration.
SINGLE_THREADED = ["no-tsan"]  # no second thread is near
NOT_ASHLAR = ["no-checked"]  # no allocator of ours is near
TOOLING = ["no-asan", "no-ubsan"] + SINGLE_THREADED + NOT_ASHLAR  # nor any block or foreign byte

# What a program that drives an allocator links: under the race detector, delays at its atomics.
DELAYS = select({
    "//bazel:tsan": ["//stress/delays"],
    "//conditions:default": [],
})

def stress_library(name, **kwargs):
    ashlar_cc_library(
        name = name,
        srcs = [name + ".cc"],
        hdrs = [name + ".h"],
        visibility = [
            "//fuzz:__pkg__",
            "//stress:__subpackages__",
        ],
        **kwargs
    )

def stress_test(name, deps = [], **kwargs):
    """The test of a noun: name.cc."""
    ashlar_cc_test(
        name = name,
        srcs = [name + ".cc"],
        deps = deps + DELAYS,
        **kwargs
    )
