#!/usr/bin/env python3
"""Holds the tree to its law; prints each breach as file:line: what, exit code 1 if there is one.

    law.py FILE_AT_THE_TOP

    include/ is the promise and the fast path. lib/ is the slow path and the machinery.
    Atomics and memory orders stand in the sync layer and nowhere else.
    System calls stand in the os layer and nowhere else. Arrows point down.

It reads the folder that the file really lies in and not a list of files, so that a source that no
BUILD file names is seen as well. Tests (*_test.cc, and what lies in an explored/ folder) may use
atomics and the system. The explorer judges fences, so that it and its tests have some.
"""

import os
import re
import sys

import arrows

SOURCE_FOLDERS = ("include", "lib", "stress", "fuzz", "bench", "bazel")
LAWFUL_FOLDERS = ("include", "lib")
MAX_LINES = 400

ATOMICS = re.compile(r"std::atomic|\bmemory_order|\b__atomic_|\b__sync_|<atomic>|<stdatomic")
FENCES = re.compile(r"\batomic_thread_fence\b|\b__sync_synchronize\b|\b__atomic_thread_fence\b")
SYSTEM = re.compile(
    r"\b(?:mmap|mmap64|munmap|mremap|madvise|mprotect|mincore|mlock|munlock|brk|sbrk|memfd_create"
    r"|syscall|futex|membarrier|rseq|prctl|sysconf|getauxval|getpagesize|getenv|secure_getenv"
    r"|clock_gettime|nanosleep|clock_nanosleep|usleep|getrlimit|setrlimit|prlimit"
    r"|sched_\w+|pthread_\w+|getpid|gettid|getcpu|fork|vfork|sigaction|sigprocmask|atexit|abort"
    r"|__linux__|__unix__|__APPLE__|_WIN32|__cxa_thread_atexit\w*)\b"
    r"|(?<![\w.>])(?:open|read|write|close|raise|_exit)\s*\("
    r"|#\s*include\s*<(?:sys/|linux/|asm/|unistd|pthread|sched|signal|csignal|dlfcn|fcntl|time\.h"
    r"|thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|chrono|ctime)"
    r"|\bstd::(?:j?thread|this_thread|\w*mutex|condition_variable\w*|chrono)\b")

_COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.DOTALL)


def _code(text):
    """The text without comments and literals, line numbers and #include "..." intact."""
    def blank(match):
        piece = match.group()
        before = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        if piece[0] == '"' and before.strip() in ("#include", "# include"):
            return piece
        return "\n" * piece.count("\n") or " "
    return _COMMENT_OR_STRING.sub(blank, text)


def _matches(path, text, pattern, breach):
    for number, line in enumerate(text.split("\n"), 1):
        found = pattern.search(line)
        if found:
            yield "%s:%d: %s: %s" % (path, number, breach, found.group().strip())


def _layer(path):
    """The layer of a path below lib/ or include/ashlar/internal/, else None."""
    found = re.match(r"(?:lib|include/ashlar/internal)/(\w+)/", path)
    return found.group(1) if found else None


def source_breaches(path, text):
    """What one source file, named by its path from the top, does against the law."""
    breaches = []
    lines = text.count("\n")
    if lines > MAX_LINES:
        breaches.append("%s:%d: over %d lines" % (path, lines, MAX_LINES))
    if not path.endswith((".h", ".cc")):
        return breaches
    if not path.startswith("stress/explorer/"):
        breaches += _matches(path, _code(text), FENCES, "a stand-alone fence")
    if not path.startswith(tuple(folder + "/" for folder in LAWFUL_FOLDERS)):
        return breaches
    if path.endswith("_test.cc") or "/explored/" in path:
        return breaches
    if _layer(path) != "sync":
        # Comments too: whoever names a memory order explains an edge, and edges live in sync.
        breaches += _matches(path, text, ATOMICS, "an atomic outside sync")
    if _layer(path) != "os":
        breaches += _matches(path, _code(text), SYSTEM, "the system outside os")
    return breaches


def _files(top):
    for folder in SOURCE_FOLDERS:
        for where, folders, names in os.walk(os.path.join(top, folder)):
            folders[:] = [name for name in folders if not name.startswith(("bazel-", "."))]
            for name in sorted(names):
                if name.endswith((".h", ".cc", ".py", ".sh", ".bzl", ".bazel")):
                    yield os.path.relpath(os.path.join(where, name), top)


def breaches_of(top):
    """Every breach in the tree, in no particular order."""
    breaches = []
    for path in _files(top):
        with open(os.path.join(top, path), encoding="utf-8") as file:
            breaches += source_breaches(path, file.read())
    return breaches + arrows.breaches_of(top)


def main(arguments):
    top = os.path.dirname(os.path.realpath(arguments[0]))
    breaches = breaches_of(top)
    print("\n".join(breaches) or "%d files, no breach" % len(list(_files(top))))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
