"""What the kernels are held to, and which points miss it: for bench_report.py.

A goal is checked on the points of kernel_bench and bench_peers.py; one without points was not measured.
"""
import math

GATES = {"lstm": 4, "gru": 3}
RIVALS = ("onednn", "onnxruntime", "openvino")


def label(point):
    return f"{point['cell'].upper()} H {point['units']} B {point['rows']} T {point['steps']}"


class Goal:
    """`points` were checked, `missed` are those that miss; `figure` sums them up."""

    def __init__(self, text, points, missed, figure, holds=None):
        self.text, self.points, self.missed, self.figure = text, points, missed, figure
        self.holds = points > 0 and not missed if holds is None else holds

    def __str__(self):
        state = "not measured" if self.points == 0 else "held" if self.holds else "MISSED"
        lines = [f"{state:12} {self.text}: {self.figure}"]
        if self.missed:
            lines.append(f"             {len(self.missed)} of {self.points} points miss: " + "; ".join(self.missed))
        return "\n".join(lines)


def each(text, points, value, wanted, at_most=False):
    """A goal that every point must meet: value(point) >= wanted, or <= wanted."""
    values = [(value(point), point) for point in points]
    missed = [f"{label(point)} ({v:.2f})" for v, point in values if (v > wanted if at_most else v < wanted)]
    figure = "no points"
    if values:
        low, high = min(v for v, _ in values), max(v for v, _ in values)
        figure = f"{low:.2f} to {high:.2f} at {len(values)} points"
    return Goal(text, len(values), missed, figure)


def fastest_rival(point):
    """Its time over ours; None if no rival was there."""
    ratios = [point["ratios"][name] for name in RIVALS if name in point["ratios"]]
    return min(ratios) if ratios else None


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else 0


def against_libraries(points):
    """All rivals of a point ran in turn with ours where bench_peers.py has it; else oneDNN alone did."""
    chosen = {(p["cell"], p["units"], p["rows"], p["steps"]): p for kind in ("step", "peers") for p in points
              if p["kind"] == kind and fastest_rival(p) is not None}
    chosen = [chosen[key] for key in sorted(chosen, key=lambda key: (key[0] != "lstm", *key[1:]))]
    name = "time of the fastest of oneDNN, ONNX Runtime and OpenVINO over ours"
    mean = geometric_mean([fastest_rival(point) for point in chosen])
    by_cell = {cell: [fastest_rival(point) for point in chosen if point["cell"] == cell] for cell in GATES}
    figure = f"{mean:.2f}" + "".join(f", {cell.upper()} {geometric_mean(ratios):.2f}"
                                     for cell, ratios in by_cell.items() if ratios)
    return [each(f"{name} >= 0.95", chosen, fastest_rival, 0.95),
            Goal(f"{name}, geometric mean >= 1.3", len(chosen), [], figure if chosen else "no points", mean >= 1.3)]


def weights(point):
    return 2 * GATES[point["cell"]] * point["units"] ** 2


def over_bound(point):
    return point["over_bounds"]["ours"]


def against_bound(points, cell, l2_bytes):
    steps = [p for p in points if p["kind"] == "step" and p["cell"] == cell and p["units"] >= 128]

    def of_peak(point):
        """Of points whose bound is the peak."""
        return 1 / over_bound(point)
    in_l2 = [p for p in steps if 4 * weights(p) <= l2_bytes and p["rows"] >= 16]
    return [each(f"{cell.upper()}, H >= 128: time over the bound <= 1.25", steps, over_bound, 1.25, at_most=True),
            each(f"{cell.upper()}, weights that fit L2, B >= 16: share of the peak >= 0.90", in_l2, of_peak, 0.9)]


def speedup(name):
    return lambda point: 1 / point["ratios"][name]


def check(points, l2_bytes):
    """All goals."""
    def of(kind, name=None):
        return [p for p in points if p["kind"] == kind and (name is None or name in p["ratios"])]
    found = against_libraries(points)
    for cell in GATES:
        found += against_bound(points, cell, l2_bytes)

    def faster_level(point):
        """fp32 weights that no L2 holds, and bf16 weights that it does, with room to spare."""
        return 4 * weights(point) > l2_bytes >= 2 * weights(point) / 0.8
    alone = [p for p in of("precision", "bf16") if p["rows"] == 1]
    vnni = [p for p in of("precision", "int8") if p["rows"] >= 32 and p["units"] >= 256]
    found += [
        each("bf16, B = 1, H = 1024: fp32's time over its time >= 1.7", [p for p in alone if p["units"] == 1024],
             speedup("bf16"), 1.7),
        each("bf16, B = 1, bf16 weights alone in a faster cache: >= 2.5", [p for p in alone if faster_level(p)],
             speedup("bf16"), 2.5),
        each("int8, B >= 32, H >= 256: fp32's time over its time >= 2.0", vnni, speedup("int8"), 2.0),
        each("100 steps of one row, H = 512: time over the bound <= 1.25", of("chunk"), over_bound, 1.25, at_most=True),
        each("two cores, H = 512: one core's time over theirs >= 1.6", of("threads", "two"), speedup("two"), 1.6)]
    return found
