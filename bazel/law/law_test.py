#!/usr/bin/env python3
"""Each rule of the law, seen red on a tree that breaks it and green on one that does not."""

import os
import tempfile
import unittest

import law

_LAYERS = 'LAYERS = [["base"], ["sync"], ["os"], ["slab", "ring"], ["heap"]]\n'
_LIBRARY = 'ashlar_cc_library(name = "%s", srcs = ["%s.cc"], hdrs = [%s], deps = [%s])\n'


def _breaches(files):
    """The breaches of a small lawful tree with `files` (path: text) laid over it."""
    tree = {
        "WORKSPACE": "",
        "bazel/layers.bzl": _LAYERS,
        "include/ashlar/bits.h": "inline int One() { return 1; }\n",
        "lib/base/bits.cc": '#include "ashlar/bits.h"\n',
        "lib/base/BUILD.bazel": _LIBRARY % ("bits", "bits", '"//:include/ashlar/bits.h"', ""),
    }
    tree.update(files)
    with tempfile.TemporaryDirectory() as top:
        for path, text in tree.items():
            os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
            with open(os.path.join(top, path), "w", encoding="utf-8") as file:
                file.write(text)
        return law.breaches_of(top)


class Law(unittest.TestCase):

    def assert_breach(self, files, words):
        breaches = _breaches(files)
        self.assertEqual(len(breaches), 1, breaches)
        self.assertIn(words, breaches[0])

    def assert_lawful(self, files):
        self.assertEqual(_breaches(files), [])

    def test_the_lawful_tree_has_no_breach(self):
        self.assert_lawful({})

    def test_atomics_stand_in_sync_alone(self):
        for line in ("std::atomic<int> n;", "n.load(std::memory_order_relaxed);",
                     "__atomic_load_n(&n, 0);", "#include <atomic>", "// memory_order_release"):
            self.assert_breach({"lib/slab/a.cc": "\n" + line + "\n"}, "lib/slab/a.cc:2: an atomic")
            self.assert_breach({"lib/os/deep/a.h": line + "\n"}, "an atomic outside sync")
            self.assert_lawful({"lib/sync/a.cc": line + "\n"})
            self.assert_lawful({"lib/slab/a_test.cc": line + "\n"})
            self.assert_lawful({"lib/slab/explored/a.h": line + "\n"})
            self.assert_lawful({"stress/a.cc": line + "\n"})

    def test_the_system_stands_in_os_alone(self):
        for line in ("mmap(nullptr, 1);", "  ::munmap(p, 1);", "pthread_self();", "syscall(1);",
                     "#ifdef __linux__", "#include <sys/mman.h>", "#include <thread>",
                     "std::mutex m;", "::write(2, p, n);", "clock_gettime(0, &t);",
                     "getrlimit(0, &r);", "std::this_thread::yield();", "mprotect(p, 1, 0);"):
            self.assert_breach({"lib/slab/a.cc": line + "\n"}, "the system outside os")
            self.assert_breach({"lib/sync/a.cc": line + "\n"}, "the system outside os")
            self.assert_lawful({"lib/os/a.cc": line + "\n"})
            self.assert_lawful({"lib/slab/a_test.cc": line + "\n"})

    def test_the_system_may_be_talked_about(self):
        self.assert_lawful({"lib/slab/a.cc": '// from mmap(2)\nconst char* k = "mmap";\n'
                                             "/* pthread_self\n   madvise */ stream.write(k);\n"})

    def test_a_call_after_a_comment_on_the_same_line_is_seen(self):
        self.assert_breach({"lib/slab/a.cc": "/* so */ mmap(p); // or so\n"}, "outside os: mmap")

    def test_fences_stand_nowhere(self):
        for path in ("lib/sync/a.cc", "lib/slab/a_test.cc", "stress/a.cc"):
            self.assert_breach({path: "atomic_thread_fence(x);\n"}, "a stand-alone fence")
        self.assert_lawful({"stress/explorer/a.cc": "atomic_thread_fence(x);\n"})

    def test_no_file_has_more_than_400_lines(self):
        for path in ("lib/slab/a.cc", "stress/a.h", "bazel/a.py"):
            self.assert_breach({path: "\n" * 401}, "over 400 lines")
            self.assert_lawful({path: "\n" * 400})

    def test_arrows_point_down(self):
        for label, why in (("//lib/heap:heap", "up"), ("//lib/ring:ring", "to a sibling"),
                           ("//:heap", "through an alias"), ("//stress/x:y", "to a user"),
                           ("//lib:lib", "to no layer")):
            for rule in (_LIBRARY % ("a", "a", "", '"%s"' % label),
                         'ashlar_cc_test(name = "t", deps = select({"//x:y": ["%s"]}))\n' % label):
                with self.subTest(why):
                    self.assert_breach({"lib/slab/BUILD.bazel": rule}, "point down: slab -> ")

    def test_an_arrow_down_is_lawful(self):
        rule = _LIBRARY % ("a", "a", "", '":b", "//lib/base:bits", "@googletest//:gtest"')
        self.assert_lawful({"lib/slab/BUILD.bazel": rule})

    def test_a_folder_of_lib_is_a_layer(self):
        self.assert_breach({"lib/other/BUILD.bazel": ""}, "no layer")

    def test_a_header_without_target_is_a_breach(self):
        self.assert_breach({"include/ashlar/internal/slab/a.h": ""}, "include/ashlar/internal/")

    def test_a_source_includes_its_header_first(self):
        self.assert_breach({"lib/base/bits.cc": '#include <x>\n#include "ashlar/bits.h"\n'},
                           "include/ashlar/bits.h:1: no target of lib/")
        self.assert_breach({"lib/base/BUILD.bazel":
                            'ashlar_cc_library(name = "b", hdrs = ["//:include/ashlar/bits.h"])'},
                           "include/ashlar/bits.h:1: no target of lib/")

    def test_a_private_header_is_included_first_too(self):
        rule = _LIBRARY % ("a", "a", '"a.h"', "")
        self.assert_breach({"lib/slab/BUILD.bazel": rule, "lib/slab/a.cc": "#include <x>\n"},
                           "includes it first: lib/slab/a.h")
        self.assert_lawful({"lib/slab/BUILD.bazel": rule,
                            "lib/slab/a.cc": '#include "lib/slab/a.h"\n'})


if __name__ == "__main__":
    unittest.main()
