#!/usr/bin/env python3
"""Is every event of a report in its lane on the page?"""

import html.parser
import unittest

import page

REPORT = """data race: read by T3, write by T2 before
  now      a<b>.cc:9:1  (Read())

  T1         T2                      T3
  start T2   .                       .                   a.cc:1:17
  .          L1 is 0 STALE  relaxed  .                   a.cc:2:3
  .          L2 = 1  release         .                   a.cc:3:3
  .          .                       L2 0 => 1  seq_cst  a.cc:4:3

  L1: 4 bytes at &7fe60
"""


class Cells(html.parser.HTMLParser):
    """The texts of the table's cells, row by row; tags that are not closed are a fault."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in ("meta", "html"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "html":
            assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


class Page(unittest.TestCase):
    def test_each_event_is_in_its_lane(self):
        cells = Cells(page.draw(REPORT))
        self.assertEqual(cells.open, [])
        self.assertEqual(cells.rows, [
            ["T1", "T2", "T3", ""],
            ["start T2", "", "", "a.cc:1:17"],
            ["", "L1 is 0 STALE  relaxed", "", "a.cc:2:3"],
            ["", "L2 = 1  release", "", "a.cc:3:3"],
            ["", "", "L2 0 => 1  seq_cst", "a.cc:4:3"],
        ])

    def test_what_stands_around_the_lanes_is_there_and_escaped(self):
        text = page.draw(REPORT)
        self.assertIn("<title>data race: read by T3, write by T2 before</title>", text)
        self.assertIn("a&lt;b&gt;.cc:9:1", text)
        self.assertIn("L1: 4 bytes at &amp;7fe60", text)

    def test_events_are_told_apart(self):
        self.assertIn('class="event read odd" data-at="L1" data-odd="stale"', page.draw(REPORT))
        self.assertEqual(page.kind_of("L2 0 -> 1  acq_rel"), "write")
        self.assertEqual(page.kind_of("free &10"), "")

    def test_a_text_without_lanes_is_none(self):
        self.assertIsNone(page.draw("the schedule does not fail (any more)\n"))


if __name__ == "__main__":
    unittest.main()
