#!/usr/bin/env python3
"""Prints the tables of core/model/word_class_tables.inc from Python's Unicode data.

    python3 tools/make_word_class.py > core/model/word_class_tables.inc

Gaps that only unassigned code points fill are closed, which halves the table.
"""

import unicodedata

ASSIGNED_END = 0x110000


def is_word(point):
    return unicodedata.category(chr(point))[0] in "LMN" or point == ord("_")


def is_unassigned(point):
    return unicodedata.category(chr(point)) in ("Cn", "Cs", "Co")


def word_ranges():
    ranges = []
    for point in filter(is_word, range(ASSIGNED_END)):
        gap = range(ranges[-1][1] + 1, point) if ranges else ()
        if ranges and len(gap) < 2000 and all(map(is_unassigned, gap)):
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return ranges


def lower_pairs():
    for point in range(ASSIGNED_END):
        if 0xD800 <= point < 0xE000:
            continue
        lower = chr(point).lower()
        if len(lower) == 1 and lower != chr(point):
            yield point, ord(lower)


def lower_ranges():
    """(first, last, step, difference): every step-th code point moves by the difference."""
    pairs = list(lower_pairs())
    at, ranges = 0, []
    while at < len(pairs):
        first, difference = pairs[at][0], pairs[at][1] - pairs[at][0]
        best = (at, 1)
        for step in (1, 2):
            end = at
            while (end + 1 < len(pairs) and pairs[end + 1][0] - pairs[end][0] == step
                   and pairs[end + 1][1] - pairs[end + 1][0] == difference):
                end += 1
            best = max(best, (end, step), key=lambda choice: choice[0])
        ranges.append((first, pairs[best[0]][0], best[1], difference))
        at = best[0] + 1
    return ranges


def show(name, kind, rows, columns):
    print(f"constexpr {kind} {name}[] = {{")
    for i in range(0, len(rows), columns):
        print("    " + " ".join("{" + ", ".join(row) + "}," for row in rows[i:i + columns]))
    print("};")


def main():
    print(f"// Unicode {unicodedata.unidata_version}. Made by tools/make_word_class.py.")
    show("kWordRanges", "Range", [[f"0x{a:X}", f"0x{b:X}"] for a, b in word_ranges()], 5)
    show("kLowerRanges", "LowerRange",
         [[f"0x{a:X}", f"0x{b:X}", str(s), str(d)] for a, b, s, d in lower_ranges()], 3)


main()
