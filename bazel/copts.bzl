"""All compiler flags of Ashlar's own code that are not part of a --config in .bazelrc.

In this checkout every warning below is an error. In a stranger's build, where Ashlar is an external
repository under whatever compiler comes next, no warning is asked for and none can break the build.
Flags of third-party sources are never touched here.
"""

# Known to clang 19 and to gcc 12 alike.
_STRICT = [
    "-Werror",
    "-Wall",
    "-Wextra",
    "-Wcast-align",
    "-Wcast-qual",
    "-Wdouble-promotion",
    "-Wextra-semi",
    "-Wformat=2",
    "-Wold-style-cast",
    "-Woverloaded-virtual",
    "-Wshadow",
    "-Wundef",
    "-Wunused",
    "-Wvla",
]

# Not clean in Abseil's headers, which come by -iquote and so count as ours.
_NOT_IN_ABSEIL = [
    "-Wconversion",
    "-Wnon-virtual-dtor",
    "-Wsign-conversion",
]

_STRICT_CLANG = _NOT_IN_ABSEIL + [
    "--system-header-prefix=absl/",
    "-Wdeprecated",
    "-Wmissing-prototypes",
    "-Wrange-loop-analysis",
    "-Wshadow-all",
    "-Wthread-safety",
    "-Wunreachable-code",
]

# `includes` of //:include means -isystem, which would hide the warnings of our own headers.
_OWN_HEADERS = ["-iquoteinclude"]

def ashlar_copts():
    """Flags for every C++ rule of this repository."""
    if native.repository_name() != "@":
        return []

    # clang can be told to leave Abseil's headers out, gcc cannot; but the library includes none.
    gcc = _NOT_IN_ABSEIL if native.package_name().startswith("lib/") else []
    return _STRICT + _OWN_HEADERS + select({
        "//bazel:clang": _STRICT_CLANG,
        "//conditions:default": gcc,
    })
