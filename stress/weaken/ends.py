"""The memory orders in a source that are ends of edges: all but relaxed."""

import re

_ORDER = re.compile(r"memory_order_(\w+)")
_LABEL = re.compile(r"\b([A-Z][0-9])\b")
# Where a function begins, in house style: at most one class deep.
_HEADER = re.compile(r" {0,2}(?!return\b)(?:[\w\[\]:<>*&,~]+ )+[*&]?(?:\w+::)*(~?\w+)\(")
_LINES_ABOVE = 4  # of a statement that has the comment above it
_ENDS_STATEMENT = (";", "{", "}", ":")


class End:
    """One order, at one place."""

    def __init__(self, path, line, function, order, labels):
        self.path = path
        self.line = line
        self.function = function
        self.order = order
        self.labels = labels
        self.number = 1  # of those in the file with the same function and order

    def name(self):
        """What stays if lines are added above."""
        number = "" if self.number == 1 else "#%d" % self.number
        return "%s %s %s%s" % (self.path, self.function, self.order, number)


class Source:
    """One file: its ends in order, and which access of the compiled code is which."""

    def __init__(self, path, text):
        self.ends = []
        self._at = {}  # (line, column) of a call: its orders, None for relaxed
        lines = text.split("\n")
        code = "\n".join(line.partition("//")[0] for line in lines)
        functions = []
        for line in code.split("\n"):
            header = _HEADER.match(line)
            functions.append(header.group(1) if header else functions[-1] if functions else "-")
        for found in _ORDER.finditer(code):
            number = code.count("\n", 0, found.start())
            end = None
            if found.group(1) != "relaxed":
                end = End(path, number + 1, functions[number], found.group(1),
                          _labels(lines, number))
                end.number += sum(e.function == end.function and e.order == end.order
                                  for e in self.ends)
                self.ends.append(end)
            self._at.setdefault(_place_of_call(code, found.start()), []).append(end)

    def find(self, line, column, function, verb, order):
        """The end that an access belongs to; None if its order is not written here."""
        if line == 0:  # the compiler merged some lines, and tells the function alone
            known = [end for end in self.ends if end.function == function and end.order == order]
            return known[0] if known else None
        orders = self._at.get((line, column), [])
        # The second order is that of failure. A load there is a failure without a reason.
        failed = len(orders) > 1 and verb in ("cas failure", "load")
        end = orders[1 if failed else 0] if orders else None
        return end if end and end.order == order else None


def _place_of_call(code, at):
    """(line, column) of the name of the call that has `at` among its arguments."""
    depth = 0
    while at > 0 and depth >= 0:
        at -= 1
        depth += {")": 1, "(": -1}.get(code[at], 0)
    name = re.search(r"\w*$", code[:at]).start()
    return code.count("\n", 0, name) + 1, name - code.rfind("\n", 0, name)


def _labels(lines, number):
    """The edges that are named beside the line, or in the comment above its statement."""
    found = _LABEL.findall(lines[number].partition("//")[2])
    above = number - 1
    while above >= 0 and not lines[above].partition("//")[0].rstrip().endswith(_ENDS_STATEMENT):
        if found or above < number - _LINES_ABOVE:
            break
        while above >= 0 and lines[above].lstrip().startswith("//"):
            found += _LABEL.findall(lines[above])
            above -= 1
        above -= 1
    return sorted(set(found))


def short_function(symbol):
    """The bare name in a demangled one, which may be cut off."""
    name, depth = "", 0
    for c in symbol.replace("(anonymous namespace)::", ""):
        depth += {"<": 1, ">": -1}.get(c, 0)
        if c == "(" and depth == 0:
            break
        name += c if depth == 0 and c != ">" else ""
    return re.search(r"\w*$", name).group()
