"""Copies of the engine's sources with the bugs of a catalogue in them."""

_SourcesInfo = provider(fields = {"files": "the sources and headers of a library and of its deps"})

def _sources_aspect_impl(_, ctx):
    own = []
    for attribute in ["srcs", "hdrs"]:
        own += getattr(ctx.rule.files, attribute, [])
    return [_SourcesInfo(files = depset(
        own if ctx.label.package.startswith("lib/") else [],
        transitive = [
            dep[_SourcesInfo].files
            for dep in getattr(ctx.rule.attr, "deps", [])
            if _SourcesInfo in dep
        ],
    ))]

# An aspect sees the files that a library has, whoever may name them.
_sources_aspect = aspect(
    implementation = _sources_aspect_impl,
    attr_aspects = ["deps"],
)

def _is_of(file, layers):
    path = file.owner.package + "/" + file.owner.name
    internal = "/include/ashlar/internal/"
    for layer in layers:
        if path.startswith("lib/%s/" % layer) or path.startswith(internal + layer + "/"):
            return True
    return path.startswith("/include/ashlar/") and not path.startswith(internal)

def _seeded_copies_impl(ctx):
    files = {}
    for library in ctx.attr.libraries:
        for file in library[_SourcesInfo].files.to_list():
            if _is_of(file, ctx.attr.layers):
                files[file.path] = file
    for file in ctx.files.srcs:
        files[file.path] = file
    copies = [ctx.actions.declare_file("copies/" + path) for path in files]
    table = ctx.actions.declare_file(ctx.label.name + "_bugs.cc")
    folder = table.dirname + "/copies"
    ctx.actions.run(
        executable = ctx.executable._seed,
        inputs = ctx.files.catalogues + files.values(),
        outputs = [table] + copies,
        arguments = [
            "--table=" + table.path,
            "--root=" + folder,
            "--include_root=" + ctx.label.package + "/copies",
        ] + [file.path for file in ctx.files.catalogues] + files.keys(),
        mnemonic = "SeedBugs",
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([table] + copies))]

seeded_copies = rule(
    implementation = _seeded_copies_impl,
    doc = """Copies, below the folder `copies`, and a source file with the table of the bugs.

    Each copy has all of the bugs for its file; the program turns one on when it runs. A bug that
    does not fit its source is an error. README.md tells the catalogues' format.""",
    attrs = {
        "catalogues": attr.label_list(
            allow_files = [".bugs"],
            doc = "Files of bugs. A bug's number is its place in them.",
            mandatory = True,
        ),
        "layers": attr.string_list(
            doc = "The layers of lib/ that are copied. All above one with a bug must be.",
        ),
        "libraries": attr.label_list(
            aspects = [_sources_aspect],
            doc = "Libraries that are copied with what they depend on.",
        ),
        "srcs": attr.label_list(
            allow_files = [".cc"],
            doc = "Further sources, which use private headers of those libraries.",
        ),
        "_seed": attr.label(
            cfg = "exec",
            default = ":seed",
            executable = True,
        ),
    },
)
