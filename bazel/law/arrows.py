"""Do the arrows of lib/ point down, and does every header have a source that includes it first?

Reads the BUILD files of lib/ (Starlark is close enough to Python for that) and the rows of
bazel/layers.bzl. Bazel's visibility refuses most upward dependencies by itself; this sees the rest:
those through a public target, through the aliases at the root and through stress, fuzz and bench.
"""

import ast
import os
import re

_RULES = ("cc_library", "cc_test", "cc_binary", "cc_main_test", "cc_fuzz_test")


class Target:
    """One C++ rule of a BUILD file of lib/."""

    def __init__(self, package, call):
        self.package = package
        self.line = call.lineno
        self.rule = call.func.id
        self.attributes = {keyword.arg: _strings(keyword.value) for keyword in call.keywords}

    def is_library(self):
        return self.rule.endswith("cc_library")

    def labels(self, attribute):
        """The labels of an attribute as //package:name or @repository//..."""
        for label in self.attributes.get(attribute, []):
            if label.startswith(("//", "@")):
                yield label
            else:
                yield "//%s:%s" % (self.package, label.lstrip(":"))


def _strings(node):
    """The string constants of an expression, but for the conditions of its select()s."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.Dict):
        return [string for value in node.values for string in _strings(value)]
    return [string for child in ast.iter_child_nodes(node) for string in _strings(child)]


def _targets(package, text):
    for statement in ast.parse(text).body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            if call.func.id.endswith(_RULES):
                yield Target(package, call)


def _rows(top):
    """The row of each layer, counted from below."""
    with open(os.path.join(top, "bazel/layers.bzl"), encoding="utf-8") as file:
        for statement in ast.parse(file.read()).body:
            if isinstance(statement, ast.Assign) and statement.targets[0].id == "LAYERS":
                rows = ast.literal_eval(statement.value)
    return {layer: number for number, row in enumerate(rows) for layer in row}


def _build_files(top):
    for where, _, names in sorted(os.walk(os.path.join(top, "lib"))):
        for name in names:
            if name in ("BUILD", "BUILD.bazel"):
                yield os.path.relpath(os.path.join(where, name), top)


def _points_down(layer, label, rows):
    """May a target of `layer` depend on `label`?"""
    if label.startswith("@") or label == "//:include":
        return True
    below = re.match(r"//lib/(\w+)", label)
    if not below or below.group(1) not in rows:
        return False
    return below.group(1) == layer or rows[below.group(1)] < rows[layer]


def _first_include(path):
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(r'^#\s*include\s+["<]([^">]+)[">]', file.read(), re.MULTILINE)
    except OSError:
        return None
    return found.group(1) if found else None


def _path(label):
    """//package:name as a path from the top."""
    return label[2:].replace(":", "/").lstrip("/")


def _included_first(top, target):
    """The paths from the top of those headers that a source of `target` includes first."""
    for source in target.labels("srcs"):
        first = _first_include(os.path.join(top, _path(source)))
        if first:
            yield "include/" + first
            yield first


def _headers(top):
    for where, _, names in os.walk(os.path.join(top, "include/ashlar")):
        for name in names:
            yield os.path.relpath(os.path.join(where, name), top)


def breaches_of(top):
    rows = _rows(top)
    breaches = []
    headers = set(_headers(top))
    for path in _build_files(top):
        package = os.path.dirname(path)
        layer = package.split("/")[1] if "/" in package else None
        if layer not in rows:
            breaches.append("%s:1: no layer of bazel/layers.bzl" % path)
            continue
        with open(os.path.join(top, path), encoding="utf-8") as file:
            targets = list(_targets(package, file.read()))
        for target in targets:
            for label in list(target.labels("deps")) + list(target.labels("implementation_deps")):
                if not _points_down(layer, label, rows):
                    breaches.append("%s:%d: an arrow that does not point down: %s -> %s"
                                    % (path, target.line, layer, label))
            if not target.is_library():
                continue
            included = set(_included_first(top, target))
            for header in target.labels("hdrs"):
                if _path(header) in included:
                    headers.discard(_path(header))
                elif not _path(header).startswith("include/"):
                    breaches.append("%s:%d: no source of its target includes it first: %s"
                                    % (path, target.line, _path(header)))
    for header in sorted(headers):
        breaches.append("%s:1: no target of lib/ has it and a source that includes it first"
                        % header)
    return breaches
