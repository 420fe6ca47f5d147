#!/usr/bin/env python3
"""Plants the bugs of a catalogue in copies of the sources.

    seed.py --table=OUT.cc --root=OUT_FOLDER --include_root=PATH A.bugs B.bugs SOURCE...

README.md tells the format of a catalogue. Each copy has all of the bugs for its file, each behind a
look at one global number: one program holds them all, and which one is on is chosen when it runs.
Ends with an error that names the bug if its `old` text is not found exactly once, if two bugs edit
the same text, or if a file of the catalogue is not among the sources.
"""
import argparse
import os
import re
import sys

misfits = []  # all are told, not the first alone

KEYS = ("bug", "layer", "scenario", "within", "file", "old", "new")


def die(message):
    sys.exit("seed.py: " + message)


class Edit:
    def __init__(self, bug, file):
        self.bug, self.file, self.old, self.new = bug, file, None, None


class Bug:
    def __init__(self, number, name):
        self.number, self.name, self.edits = number, name, []
        self.layer = self.scenario = self.within = None

    @property
    def condition(self):
        return "(::ashlar::seeded::bug == %d)" % self.number


def read_catalogue(path, bugs):
    """Appends the bugs of the file to `bugs`."""
    file = None
    last = None  # the object and attribute that further lines belong to
    for number, line in enumerate(open(path), 1):
        where = "%s:%d: " % (path, number)
        line = line.rstrip("\n")
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("    "):
            if last is None:
                die(where + "a further line of nothing")
            setattr(*last, getattr(*last) + "\n" + line.strip())
            continue
        key, _, value = line.partition(" ")
        if key not in KEYS:
            die(where + "unknown key " + key)
        value = value.strip()
        last = None
        if key == "bug":
            bugs.append(Bug(len(bugs) + 1, value))
            file = None
        elif key == "file":
            file = value
        elif key == "old":
            if file is None:
                die(where + "`old` without a `file`")
            bugs[-1].edits.append(Edit(bugs[-1], file))
            bugs[-1].edits[-1].old = value
            last = (bugs[-1].edits[-1], "old")
        elif key == "new":
            bugs[-1].edits[-1].new = value
            last = (bugs[-1].edits[-1], "new")
        else:
            setattr(bugs[-1], key, value)
    for bug in bugs:
        if not (bug.layer and bug.scenario and bug.within and bug.edits):
            die("%s: `%s` has no layer, scenario, within or edit" % (path, bug.name))


def find(edit, text):
    """The one span of edit.old in text; white space and comments match any."""
    words = [re.escape(word) for word in edit.old.split()]
    found = list(re.finditer(r"(?:\s|//[^\n]*\n)+".join(words), text))
    if len(found) != 1:
        misfits.append("%s: `%s` is found %d times, for bug `%s`" %
                       (edit.file, edit.old, len(found), edit.bug.name))
    return found[0].span() if found else (0, 0)


def plant(path, text, edits, include_root):
    spans = sorted((find(edit, text) + (edit,) for edit in edits), key=lambda s: s[0])
    out = ['#include "stress/seeded/seeded.h"\n#line 1 "%s"\n' % path]
    at = 0
    for begin, end, edit in spans:
        if begin < at and not misfits:
            die("%s: bug `%s` edits text that another edits" % (path, edit.bug.name))
        new = edit.new.replace("SEEDED", edit.bug.condition).replace("OLD", text[begin:end])
        out += [text[at:begin], new]
        # A copy's line numbers are the source's again after each edit.
        line_end = text.index("\n", end)
        if "\n" in new or "\n" in text[begin:end]:
            line_end = line_end + 1
            if not any(begin < b < line_end for b, _, _ in spans):
                out += [text[end:line_end], "#line %d\n" % (text.count("\n", 0, line_end) + 1)]
                end = line_end
        at = end
    out.append(text[at:])
    # Private headers are included by their path from the root: there, too, the copy.
    return re.sub(r'#include "lib/', '#include "%s/lib/' % include_root, "".join(out))


def table(bugs):
    rows = ['    {"%s", "%s", "%s", %s},' % (b.name, b.layer, b.scenario, b.within) for b in bugs]
    return "\n".join(['#include "stress/seeded/seeded.h"', "", "namespace ashlar::seeded {", "",
                      "constinit int bug = 0;", "", "static constexpr Bug kBugs[] = {"] + rows +
                     ["};", "", "std::span<const Bug> Bugs() { return kBugs; }", "",
                      "}  // namespace ashlar::seeded", ""])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", required=True)
    parser.add_argument("--root", required=True, help="folder of the copies")
    parser.add_argument("--include_root", required=True, help="how copies are included")
    parser.add_argument("files", nargs="+", help="catalogues, X.bugs, and sources")
    arguments = parser.parse_args()
    catalogues = [file for file in arguments.files if file.endswith(".bugs")]
    sources = [file for file in arguments.files if not file.endswith(".bugs")]
    bugs = []
    for catalogue in catalogues:
        read_catalogue(catalogue, bugs)
    edits = {}
    for bug in bugs:
        for edit in bug.edits:
            edits.setdefault(edit.file, []).append(edit)
    for path in sorted(edits.keys() - set(sources)):
        die("%s: no such source, for bug `%s`" % (path, edits[path][0].bug.name))
    for path in sources:
        copy = os.path.join(arguments.root, path)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        with open(copy, "w") as file:
            file.write(plant(path, open(path).read(), edits.get(path, []),
                             arguments.include_root))
    if misfits:
        die("\n".join(misfits))
    with open(arguments.table, "w") as file:
        file.write(table(bugs))


main()
