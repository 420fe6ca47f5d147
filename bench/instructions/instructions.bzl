"""Fast paths pinned in instructions."""

# Counts are of what ships: clang's code with -c opt, without instrumentation.
_SHIPPED = select({
    "//bazel:opt": [],
    "//conditions:default": ["@platforms//:incompatible"],
})
_TAGS = ["no-asan", "no-checked", "no-gcc", "no-tsan", "no-ubsan"]

def shipped_code_test(name, srcs, args, data):
    """A script over programs that are built as they ship; skipped in any other build."""
    native.sh_test(
        name = name,
        srcs = srcs,
        args = args,
        data = data,
        tags = _TAGS,
        target_compatible_with = _SHIPPED,
    )

def ashlar_instruction_test(name, binary, bound):
    """One iteration of the loop of `binary` takes at most `bound` instructions.

    Args:
      name: of the test.
      binary: a program with the main function of counted_loop.h.
      bound: the number of instructions.
    """
    shipped_code_test(
        name = name,
        srcs = ["//bench/instructions:count.sh"],
        args = ["$(location %s)" % binary, str(bound)],
        data = [binary],
    )
