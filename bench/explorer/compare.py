#!/usr/bin/env python3
"""The schedule explorer beside Relacy: medians of interleaved rounds, and ratios within a round.

    compare.py EXPLORED_SPEED RELACY_SPEED [--rounds=7] [--seconds=0.5]

Each program prints lines `scenario strategy executions/s steps/s`. The free list is run by both;
what Relacy cannot run, the heap, is set beside its steps on the free list.
"""

import argparse
import statistics
import subprocess
import sys


def measure(command):
    """The lines of a program as {(scenario, strategy): (executions/s, steps/s)}."""
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rates = {}
    for line in output.splitlines():
        scenario, strategy, executions, steps = line.split()
        rates[scenario, strategy] = float(executions), float(steps)
    return rates


def table_of(rounds):
    """The rounds, each what measure() gave of both programs together, as lines of text."""
    lines = ["%-10s %-8s %12s %12s  %s" % ("scenario", "strategy", "executions/s", "steps/s",
                                           "of Relacy's: executions, steps (least to most)")]
    peer = "free_list", "relacy"
    for row in rounds[0]:
        executions, steps = (statistics.median(r[row][i] for r in rounds) for i in (0, 1))
        text = "%-10s %-8s %12.0f %12.0f" % (*row, executions, steps)
        if row != peer:
            of_executions = [r[row][0] / r[peer][0] for r in rounds]
            of_steps = [r[row][1] / r[peer][1] for r in rounds]
            text += "  %s, %.2f (%.2f to %.2f)" % (
                "%.2f (%.2f to %.2f)" % (statistics.median(of_executions), min(of_executions),
                                         max(of_executions)) if row[0] == peer[0] else "-",
                statistics.median(of_steps), min(of_steps), max(of_steps))
        lines.append(text)
    return lines


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("explored_speed")
    parser.add_argument("relacy_speed")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args(arguments)
    rounds = []
    for number in range(options.rounds):
        print("round %d of %d" % (number + 1, options.rounds), file=sys.stderr, flush=True)
        rates = measure([options.explored_speed, "time", str(options.seconds)])
        rates.update(measure([options.relacy_speed, str(options.seconds)]))
        rounds.append(rates)
    print("\n".join(table_of(rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
