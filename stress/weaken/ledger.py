"""Does each explored witness in a ledger of edges kill what its row says?

    | A1 | `Allowance::Grant`, release | `Draw`, acquire | promises | both ends: `X.Y`; to: `Z.W` |

Each side of a row, from and to, names functions and the order that it needs; where the code has a
stronger one, as "seq_cst (release)". In the last column what follows "to:" is about that side,
"from:" likewise, anything else about both. Only tests of suites XExplored are looked at.
"""

import re

_ROW = re.compile(r"\| ([A-Z][0-9]) \| (.*?) \| (.*?) \| .*? \| (.*) \|")
_ORDER = re.compile(r"acquire|release|seq_cst")
_WITHOUT = {  # the weaker orders that lack it
    "acquire": ("release", "relaxed"),
    "release": ("acquire", "relaxed"),
    "seq_cst": ("acq_rel", "acquire", "release", "relaxed"),
}


class _Side:
    """One side of a row of the ledger."""

    def __init__(self, edge, text, witnesses):
        self.edge = edge
        self.functions = re.findall(r"`(?:\w+::)?(\w+)`", text)
        orders = _ORDER.findall(" ".join(re.findall(r"\(.*?\)", text))) or _ORDER.findall(text)
        self.order = orders[0] if orders else "seq_cst"
        self.witnesses = witnesses

    def is_at(self, end, function):
        strong_enough = end.order in (self.order, "acq_rel", "seq_cst")
        return strong_enough and self.edge in end.labels and end.function.startswith(function)


def _sides(text):
    for edge, first, second, witness in _ROW.findall(text):
        of_first, of_second = [], []
        for part in witness.split(";"):
            tests = re.findall(r"`(\w+Explored\.\w+)`", part)
            of_first += [] if part.strip().startswith("to:") else tests
            of_second += [] if part.strip().startswith("from:") else tests
        yield _Side(edge, first, of_first)
        yield _Side(edge, second, of_second)


def faults(text, rows):
    """What the ledger says otherwise than the rows of the table."""
    killers = {}  # end: {weaker order: tests}
    for row in rows:
        killers.setdefault(row.end, {})[row.weaker] = row.killers
    sides = list(_sides(text))

    def kills(test, end, order):
        weaker = [tests for weaker, tests in killers[end].items() if weaker in _WITHOUT[order]]
        return bool(weaker) and all(test in tests for tests in weaker)

    result = []
    for side in sides:
        for function in side.functions:
            ends = [end for end in killers if side.is_at(end, function)]
            if not ends:
                result.append("%s: no %s in %s" % (side.edge, side.order, function))
            result += ["%s: %s does not need %s in %s" % (side.edge, test, side.order, function)
                       for test in side.witnesses
                       if ends and not any(kills(test, end, side.order) for end in ends)]
    for end in killers:
        for edge in end.labels:
            known = [test for side in sides if side.edge == edge for test in side.witnesses]
            needed = [side.order for side in sides if side.edge == edge
                      and any(side.is_at(end, name) for name in side.functions)]
            if not needed:
                result.append("%s: no row for %s" % (edge, end.name()))
            result += ["%s: no explored witness for %s of %s" % (edge, order, end.name())
                       for order in sorted(set(needed))
                       if not any(kills(test, end, order) for test in known)]
    return result
