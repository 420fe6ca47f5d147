#!/usr/bin/env python3
"""Draws a report of the explorer as a page: one lane a thread, time downwards.

    page.py <REPORT >PAGE.html

REPORT is what an explored test, or ./ashlar replay, prints. The page needs nothing but itself, in
light and dark. Pointing at an event shows all others at its location. Exit code 1: there is no
interleaving in the text.
"""

import html
import re
import sys

_LANES = re.compile(r"^  (T\d+ *)+$")
_LOCATION = re.compile(r"^L\d+")

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%(title)s</title>
<style>
:root { color-scheme: light dark; --ground: #fbfaf8; --text: #23211f; --faint: #8a857e;
  --lane: #e2ded7; --read: #dceaf7; --write: #fbe3c9; --other: #ecebe7; --bad: #c2271d;
  --mark: #ffd54a; }
@media (prefers-color-scheme: dark) { :root { --ground: #191817; --text: #e9e5df;
  --faint: #8f8a82; --lane: #35322e; --read: #1f3a52; --write: #55391a; --other: #2d2b28;
  --bad: #ff7a6e; --mark: #a37c00; } }
body { background: var(--ground); color: var(--text); margin: 2rem auto; padding: 0 1rem;
  max-width: 90rem; font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
h1 { border-left: 4px solid var(--bad); padding-left: .7rem; }
pre { color: var(--faint); white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th { position: sticky; top: 0; background: var(--ground); text-align: left; padding: .3rem 1rem; }
td { padding: .1rem 1rem; white-space: nowrap; }
td.lane { background: linear-gradient(var(--lane), var(--lane)) 1.4rem 0 / 2px 100%% no-repeat; }
td.place { color: var(--faint); }
.event { display: inline-block; border-radius: .4rem; padding: 0 .5rem; font: 13px/1.6 ui-monospace,
  monospace; background: var(--other); border: 1px solid transparent; }
.read { background: var(--read); } .write { background: var(--write); }
.odd { border-color: var(--bad); } .odd::after { content: " \\2190 " attr(data-odd);
  color: var(--bad); }
.same { outline: 3px solid var(--mark); }
tr:last-child .event { border-color: var(--bad); }
ul { display: flex; gap: 1.2rem; flex-wrap: wrap; list-style: none; padding: 0; }
</style>
<h1>%(title)s</h1>
<pre>%(before)s</pre>
<ul><li><span class="event read">reads</span></li><li><span class="event write">writes</span></li>
<li><span class="event">all else</span></li>
<li><span class="event odd" data-odd="why">a stale read, a store that stands earlier</span></li>
<li>a = b: store; a -&gt; b: exchange; a =&gt; b: compare-exchange</li></ul>
<div class="scroll"><table><thead><tr>%(heads)s<th></th></tr></thead><tbody>
%(rows)s
</tbody></table></div>
<pre>%(after)s</pre>
<script>
for (const event of document.querySelectorAll("[data-at]")) {
  const all = document.querySelectorAll(`[data-at="${event.dataset.at}"]`);
  event.onmouseenter = () => all.forEach(e => e.classList.add("same"));
  event.onmouseleave = () => all.forEach(e => e.classList.remove("same"));
}
</script>
</html>
"""


def kind_of(event):
    """The class of an event's chip."""
    if re.match(r"L\d+ is ", event):
        return "read"
    return "write" if _LOCATION.match(event) else ""


def chip(event):
    attributes, classes = "", ["event", kind_of(event)]
    location = _LOCATION.match(event)
    if location:
        attributes += ' data-at="%s"' % location.group()
    for word, why in (("STALE", "stale"), ("EARLY", "stands earlier"), ("no cas", "failed")):
        if word in event:
            attributes += ' data-odd="%s"' % why
            classes.append("odd")
    return '<span class="%s"%s>%s</span>' % (
        " ".join(filter(None, classes)), attributes, html.escape(event))


def draw(report):
    """The page; None if no lanes are in the text."""
    lines = report.rstrip().split("\n")
    heads = next((i for i, line in enumerate(lines) if _LANES.match(line)), None)
    if heads is None:
        return None
    starts = [found.start() for found in re.finditer(r"T\d+", lines[heads])]
    end = next((i for i in range(heads + 1, len(lines)) if not lines[i].strip()), len(lines))
    width = max((len(line) for line in lines[heads + 1:end]), default=0)
    # The place is the last word, where it is one.
    rows = []
    for line in lines[heads + 1:end]:
        cells = [line[a:b].strip() for a, b in zip(starts, starts[1:] + [width])]
        event, _, place = cells[-1].rpartition(" ")
        if re.search(r":\d+(:\d+)?$", place):
            cells[-1] = event.strip()
        else:
            place = ""
        rows.append("<tr>%s<td class=place>%s</td></tr>" % (
            "".join("<td class=lane>%s</td>" % ("" if cell in ("", ".") else chip(cell))
                    for cell in cells), html.escape(place)))
    before = [line for line in lines[:heads] if line.strip()]
    return _PAGE % {
        "title": html.escape(before[0].strip() if before else "an interleaving"),
        "before": html.escape("\n".join(before[1:])),
        "heads": "".join("<th>%s</th>" % name for name in lines[heads].split()),
        "rows": "\n".join(rows),
        "after": html.escape("\n".join(lines[end:]).strip("\n")),
    }


def main():
    page = draw(sys.stdin.read())
    if page is None:
        print("page.py: there is no interleaving in this text", file=sys.stderr)
        return 1
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
