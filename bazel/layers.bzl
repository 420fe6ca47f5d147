"""The layers of lib/, lowest first, and who may depend on whom.

A layer may use itself and whatever stands on an earlier row; layers that share a row are siblings
and never include each other. Each layer L gets a package_group `//:above_L`: the packages that may
depend on L. ashlar_cc_library makes it the default visibility of every library of that layer, so
that Bazel refuses an arrow that points up.
"""

LAYERS = [
    ["base"],
    ["sizes"],
    ["sync"],
    ["os"],
    ["span"],
    ["slab", "ring"],
    ["heap", "pool"],
    ["bytes", "adapt", "report"],
    ["malloc"],
]

# They stand on top of the library and may use any layer of it.
_USERS = ["//bazel/...", "//bench/...", "//fuzz/...", "//stress/..."]

def layer_groups():
    """Declares //:above_L for every layer L. For the root package alone."""
    for i, row in enumerate(LAYERS):
        higher = [layer for upper in LAYERS[i + 1:] for layer in upper]
        for layer in row:
            native.package_group(
                name = "above_" + layer,
                packages = ["//lib/%s/..." % above for above in [layer] + higher] + _USERS,
            )

def layer_visibility():
    """The visibility that a library of the calling package has unless it asks for another."""
    path = native.package_name().split("/")
    if path[0] == "lib" and len(path) > 1:
        return ["//:above_" + path[1]]
    return ["//visibility:private"]
