"""The C++ rules of Ashlar: Bazel's own, with our warnings, our include folder and our layers.

    load("//bazel:defs.bzl", "ashlar_cc_library", "ashlar_cc_test")

    ashlar_cc_library(
        name = "bits",
        srcs = ["bits.cc"],                   # includes "ashlar/bits.h" first
        hdrs = ["//:include/ashlar/bits.h"],  # or a private header of this package
    )

    ashlar_cc_test(
        name = "bits_test",
        srcs = ["bits_test.cc"],
        deps = [":bits"],
    )

Tests that make no sense in a configuration carry the tag no-asan, no-ubsan, no-tsan, no-checked or
no-gcc.
"""

load("//bazel:copts.bzl", "ashlar_copts")
load("//bazel:layers.bzl", "layer_visibility")

# With clang, an include of a header whose target is not among the direct deps is an error.
_FEATURES = ["layering_check"]

# What a program carries that its sources do not name.
_PROGRAM_DEPS = select({
    "//bazel:tsan": ["//bazel/tsan:suppressions"],
    "//conditions:default": [],
})

def _with_house_rules(kwargs):
    kwargs["copts"] = ashlar_copts() + kwargs.pop("copts", [])
    kwargs["features"] = _FEATURES + kwargs.pop("features", [])
    kwargs["deps"] = kwargs.pop("deps", []) + ["//:include"]
    return kwargs

def ashlar_cc_library(name, visibility = None, **kwargs):
    """A library; visible to its own layer and to those above, unless it says otherwise."""
    native.cc_library(
        name = name,
        visibility = visibility if visibility != None else layer_visibility(),
        **_with_house_rules(kwargs)
    )

def ashlar_cc_binary(name, **kwargs):
    """A program, or with linkshared a shared object."""
    _with_house_rules(kwargs)["deps"] += _PROGRAM_DEPS
    native.cc_binary(name = name, **kwargs)

def ashlar_cc_test(name, deps = [], **kwargs):
    """A GoogleTest test; the main function comes with it."""
    ashlar_cc_main_test(
        name = name,
        deps = deps + [
            "@com_google_googletest//:gtest",
            "@com_google_googletest//:gtest_main",
        ],
        **kwargs
    )

def ashlar_cc_main_test(name, **kwargs):
    """A test that brings its own main function."""
    _with_house_rules(kwargs)["deps"] += _PROGRAM_DEPS
    native.cc_test(name = name, **kwargs)

def ashlar_sh_test(name, srcs, tags = [], **kwargs):
    """A script as a test. What it says is the same in every configuration, so it runs in one."""
    native.sh_test(
        name = name,
        srcs = srcs,
        tags = tags + ["no-asan", "no-checked", "no-gcc", "no-tsan", "no-ubsan"],
        **kwargs
    )
