"""Tests that run under the schedule explorer of stress/explorer: any C++, unmodified.

    load("@ashlar//bazel:explored.bzl", "ashlar_explored_test")

    ashlar_explored_test(
        name = "stack_explored_test",
        srcs = ["stack_explored_test.cc"],   # a GoogleTest test that calls Explore() (explore.h)
        deps = [":stack"],                   # the shipping target
    )

The test and all that it depends on are rebuilt with -fsanitize=thread, in whatever configuration it
is asked for, and linked with the explorer's runtime in place of ThreadSanitizer's. Sanitizers, and
flags of the calling configuration, do not reach it.
"""

_COPT = "//command_line_option:copt"
_LINKOPT = "//command_line_option:linkopt"
_SETTINGS = [
    "//command_line_option:compilation_mode",
    _COPT,
    "//command_line_option:features",
    _LINKOPT,
    "//command_line_option:per_file_copt",
    "//command_line_option:platform_suffix",
    "//command_line_option:strip",
]

# A weak compare-exchange may fail for no reason. Neither compiler's instrumentation lets it (clang's
# does not even tell weak from strong), so each asks the explorer first.
_SPURIOUS = "({extern int ashlar_spurious_(void)__asm__(\"ashlar_explorer_spurious\");ashlar_spurious_();})"
_WEAK_FAILURES = [
    "-D__atomic_compare_exchange_n(p,e,d,w,s,f)=((w)&&" + _SPURIOUS +
    "?(*(e)=__atomic_load_n(p,f),!1):__atomic_compare_exchange_n(p,e,d,w,s,f))",
    "-D__atomic_compare_exchange(p,e,d,w,s,f)=((w)&&" + _SPURIOUS +
    "?(__atomic_load(p,e,f),!1):__atomic_compare_exchange(p,e,d,w,s,f))",
]

# The coverage of libFuzzer but for the depth of the stack, which would be a thread-local that is not
# emulated.
_COVERAGE = [
    "-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp",
    "-DASHLAR_EXPLORED_FUZZ=1",
]

def _explored_transition_impl(settings, attr):
    is_fuzz = attr.is_fuzz and "-fsanitize=fuzzer-no-link" in settings[_COPT]
    return {
        "//command_line_option:compilation_mode": "fastbuild",
        _COPT: [
            "-fsanitize=thread",
            "-g",
            attr.optimize,
            "-w",  # the ordinary build of the same sources warns
            "-DASHLAR_EXPLORED=1",
        ] + attr.compiler_copts + _WEAK_FAILURES + (_COVERAGE if is_fuzz else []),
        "//command_line_option:features": [],
        _LINKOPT: [],
        "//command_line_option:per_file_copt": [],  # all that Bazel 4.2 takes here
        "//command_line_option:platform_suffix": "explored-fuzz" if is_fuzz else "explored",
        "//command_line_option:strip": "never",
    }

_explored_transition = transition(
    implementation = _explored_transition_impl,
    inputs = [_COPT],
    outputs = _SETTINGS,
)

def _explored_test_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    program = ctx.attr.program[0][DefaultInfo]
    ctx.actions.symlink(
        output = executable,
        target_file = program.files_to_run.executable,
        is_executable = True,
    )
    return [DefaultInfo(executable = executable, runfiles = program.default_runfiles)]

_explored_test = rule(
    implementation = _explored_test_impl,
    test = True,
    attrs = {
        "program": attr.label(cfg = _explored_transition, executable = True, mandatory = True),
        "optimize": attr.string(),
        "compiler_copts": attr.string_list(),
        "is_fuzz": attr.bool(),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def ashlar_explored_test(
        name,
        srcs,
        deps = [],
        copts = [],
        optimize = "-O2",
        main = ["@com_google_googletest//:gtest_main"],
        tags = [],
        size = None,
        shard_count = None,
        data = [],
        args = []):
    """A GoogleTest test under the explorer.

    Args:
      name: of the test.
      srcs: its sources.
      deps: what they use; rebuilt for the explorer.
      copts: of the sources.
      optimize: the level at which everything is built. -O2 is what ships; -O0 merges nothing.
      main: where the main function comes from.
      tags: of the test. Tests under the explorer are the same in every configuration but for the
        compiler, and carry the tags that keep them out of the others.
      size: of the test.
      shard_count: of the test.
      data: of the test.
      args: of the test.
    """
    _explored_program(name, srcs, copts, data, deps + ["@com_google_googletest//:gtest"] + main)
    _explored(
        name = name,
        args = args,
        optimize = optimize,
        shard_count = shard_count,
        size = size,
        tags = tags + ["no-fuzz"],
    )

def ashlar_explored_fuzz_test(name, srcs, deps = [], copts = [], corpus = [], tags = [], **kwargs):
    """A fuzz target under the explorer: the fuzzer chooses what threads do and how they meet.

    As cc_fuzz_test (fuzz.bzl) has it: with --config=fuzz a short campaign of libFuzzer, in every
    other configuration a replay of the corpus.

    Args:
      name: of the target.
      srcs: its sources, with a LLVMFuzzerTestOneInput that calls Explore(), or RunProgram
        (fuzz/run_program.h) and deps = ["//fuzz:run_program_explored"].
      deps: what they use; rebuilt for the explorer.
      copts: of the sources.
      corpus: files of this package, one input each.
      tags: of the test.
      **kwargs: as tests have them.
    """
    _explored_program(
        name,
        srcs,
        copts,
        corpus,
        deps + [str(Label("//fuzz:fuzz_target"))] + select({
            str(Label("//bazel:explored_fuzz")): [],
            "//conditions:default": [str(Label("//fuzz:replay"))],
        }),
        linkopts = select({
            str(Label("//bazel:explored_fuzz")): ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
    )
    _explored(
        name = name,
        args = select({
            str(Label("//bazel:fuzz")): ["-runs=2000", "-seed=1"],
            "//conditions:default": [native.package_name() + "/" + file for file in corpus],
        }),
        is_fuzz = True,
        optimize = "-O2",
        tags = tags,
        **kwargs
    )

def _explored_program(name, srcs, copts, data, deps, linkopts = []):
    native.cc_binary(
        name = name + "_program",
        testonly = True,
        srcs = srcs,
        copts = copts,
        data = data,
        linkopts = ["-lpthread", "-ldl"] + linkopts,
        linkstatic = True,
        tags = ["manual"],
        deps = deps + [str(Label("//stress/explorer:explore"))],
    )

def _explored(name, tags, **kwargs):
    _explored_test(
        name = name,
        testonly = True,
        compiler_copts = select({
            str(Label("//bazel:clang")): ["-femulated-tls"],
            "//conditions:default": [],
        }),
        program = ":" + name + "_program",
        tags = tags + ["explored", "no-asan", "no-checked", "no-tsan", "no-ubsan"],
        **kwargs
    )
