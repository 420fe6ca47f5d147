"""The proof that a configuration finds what it is there to find."""

load("//bazel:defs.bzl", "ashlar_cc_binary")
load("//bazel:explored.bzl", "ashlar_explored_fuzz_test")
load("//bazel:fuzz.bzl", "fuzzer_linkopts")

def planted_bug_test(name, srcs, config, message, deps = []):
    """Under --config=CONFIG the program with its bug planted dies of `message`, and lives without.

    Args:
      name: of the test.
      srcs: one program; ASHLAR_PLANT is defined as 1 to plant its bug, else as 0.
      config: asan, ubsan, tsan, checked or fuzz; in any other configuration the test is skipped.
      message: an extended regular expression that the report of the bug matches.
      deps: of the program.
    """
    only_there = select({
        "//bazel:" + config: [],
        "//conditions:default": ["@platforms//:incompatible"],
    })
    arguments = ["'%s'" % message]
    for program, plant in [("planted", 1), ("clean", 0)]:
        ashlar_cc_binary(
            name = name + "_" + program,
            testonly = True,
            srcs = srcs,
            linkopts = fuzzer_linkopts() if config == "fuzz" else [],
            local_defines = ["ASHLAR_PLANT=%d" % plant],
            tags = ["manual"],
            target_compatible_with = only_there,
            deps = deps,
        )
        arguments.append("$(location :%s_%s)" % (name, program))
    if config == "fuzz":
        arguments += ["-seed=1", "-runs=1000000", "-artifact_prefix=./"]
    native.sh_test(
        name = name,
        srcs = ["planted_bug_test.sh"],
        args = arguments,
        data = [":%s_planted" % name, ":%s_clean" % name],
        target_compatible_with = only_there,
    )

def planted_explored_fuzz_test(name, srcs, message, runs):
    """With --config=fuzz libFuzzer and the explorer together find the bug that is planted.

    Args:
      name: of the test.
      srcs: one fuzz target (fuzz/run_program.h); ASHLAR_PLANT is defined as 1 to plant its bug.
      message: an extended regular expression that the report of the bug matches.
      runs: inputs in which it is found, from nothing.
    """
    only_there = select({
        "//bazel:fuzz": [],
        "//conditions:default": ["@platforms//:incompatible"],
    })
    arguments = ["'%s'" % message]
    for program, plant in [("planted", 1), ("clean", 0)]:
        ashlar_explored_fuzz_test(
            name = name + "_" + program,
            srcs = srcs,
            copts = ["-DASHLAR_PLANT=%d" % plant],
            tags = ["manual"],
            target_compatible_with = only_there,
            deps = ["//fuzz:run_program_explored"],
        )
        arguments.append("$(location :%s_%s)" % (name, program))
    native.sh_test(
        name = name,
        srcs = ["planted_bug_test.sh"],
        args = arguments + ["-seed=1", "-runs=%d" % runs, "-artifact_prefix=./"],
        data = [":%s_planted" % name, ":%s_clean" % name],
        target_compatible_with = only_there,
    )
