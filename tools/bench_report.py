#!/usr/bin/env python3
"""Writes the measurements' tables into a document, and says which goals hold.

    bench_report.py --document docs/performance.md [--json OUT] [--compiler TEXT] FILE.json...

The files are those of kernel_bench, bench_peers.py, echo_bench and session_bench; several of one kind are joined. A table
goes between `<!-- table: NAME -->` and `<!-- end -->`; a place in the document whose measurements are missing keeps what it
has. bench_goals.py has the goals.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

import bench_goals as goals

LIBRARIES = {"onednn": "oneDNN", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "torch": "PyTorch",
             "eigen": "Eigen"}
FLAGS = ["avx2", "fma", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "asimd"]


def replace_tables(text, tables):
    """The document with every table that it has a place for; an error for a table without a place."""
    for name, table in tables.items():
        place = re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.S)
        text, count = place.subn(lambda match: f"{match[1]}\n{table}\n\n{match[2]}", text)
        if count != 1:
            raise ValueError(f"expected one '<!-- table: {name} -->' with an '<!-- end -->', found {count}")
    return text


def markdown(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


class Figures:
    """All reports joined."""

    def __init__(self, reports):
        self.points, self.versions, self.empty = [], {}, {}
        self.peaks, self.bandwidth, self.neighbours = [], {}, []
        self.target = self.products = None
        self.echo, self.sessions = [], None
        for report in reports:
            if report.get("benchmark") == "echo_bench":
                self.echo += report["results"]
            elif "bytes_beside_row" in report:
                self.sessions = report
            else:
                self.add(report)
        order = {"lstm": 0, "gru": 1}
        self.points.sort(key=lambda p: (order[p["cell"]], p["steps"], p["units"], p["rows"]))

    def add(self, report):
        self.points += report["points"]
        self.versions.update(report.get("versions", {}))
        self.empty.update(report.get("empty", {}))
        self.target = report.get("target", self.target)
        self.products = report.get("products", self.products)
        if "peak" in report and report["points"]:
            self.peaks.append(report["peak"])
            self.neighbours.append(report["neighbours"])
        for reading in report.get("bandwidth", []):
            size, speed = reading["bytes"], reading["bytes_per_second"]
            self.bandwidth[size] = max(speed, self.bandwidth.get(size, 0))

    def of(self, kind, cell=None, steps=None):
        return [p for p in self.points if p["kind"] == kind and cell in (None, p["cell"])
                and steps in (None, p["steps"])]

    def peer_of(self, point):
        """The same shape in the run of bench_peers.py, or None."""
        return next((p for p in self.of("peers", point["cell"], point["steps"])
                     if (p["units"], p["rows"]) == (point["units"], point["rows"])), None)


def micros(seconds):
    value = seconds * 1e6
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


# Tables.

def machine_table(machine, figures):
    rows = [[key, value] for key, value in machine.items()]
    if figures.peaks:
        rows.append([f"fp32 peak of one core ({figures.target})", f"{max(figures.peaks) / 1e9:.0f} GFLOP/s"])
        if figures.products:
            rows.append(["fp32 products of ours", figures.products])
        rows.append(["peak in the worst of the runs", f"{min(figures.peaks) / 1e9:.0f} GFLOP/s"])
        rows.append(["cores that other programs kept busy, in the worst of the runs", f"{max(figures.neighbours):.2f}"])
    for size, speed in sorted(figures.bandwidth.items()):
        rows.append([f"read bandwidth of one core, {size / 2**20:.3g} MB", f"{speed / 1e9:.0f} GB/s"])
    for name, version in figures.versions.items():
        empty = figures.empty.get(name)
        rows.append([LIBRARIES[name], version + (f"; an empty call costs {empty * 1e6:.1f} us" if empty else "")])
    return markdown(["what", "figure"], rows)


def grid_table(figures, cell, steps):
    points = figures.of("step", cell, steps)
    names = [name for name in LIBRARIES
             if any(name in (figures.peer_of(p) or p)["ratios"] or name in p["ratios"] for p in points)]
    rows = []
    for point in points:
        peer = figures.peer_of(point)
        ratios = {**point["ratios"], **(peer["ratios"] if peer else {})}
        ours = point["seconds"]["ours"]
        rows.append([point["units"], point["rows"], micros(ours), micros(point["bounds"]["ours"]),
                     f"{goals.over_bound(point):.2f}",
                     *(f"{ratios[name]:.2f}" if name in ratios else "" for name in names)])
    return markdown(["H", "B", "ours, us", "bound, us", "x bound", *(LIBRARIES[n] for n in names)], rows)


def precision_table(figures):
    rows = []
    for point in figures.of("precision"):
        seconds, over_bounds = point["seconds"], point["over_bounds"]
        rows.append([point["cell"].upper(), point["units"], point["rows"], point["steps"], micros(seconds["fp32"])] +
                    [cell for name in ("bf16", "int8") for cell in
                     ((micros(seconds[name]), f"{1 / point['ratios'][name]:.2f}",
                       f"{over_bounds[name]:.2f}") if name in seconds else ("", "", ""))])
    return markdown(["cell", "H", "B", "T", "fp32, us", "bf16, us", "fp32 / bf16", "x bound", "int8, us", "fp32 / int8",
                     "x bound"], rows)


def other_table(figures):
    rows = []
    for point in figures.of("chunk"):
        rows.append([f"{goals.label(point)}, one core", micros(point["seconds"]["ours"]),
                     f"{goals.over_bound(point):.2f} x bound"])
    for point in figures.of("threads"):
        if "two" in point["ratios"]:
            rows.append([f"{goals.label(point)}, two cores", micros(point["seconds"]["two"]),
                         f"{1 / point['ratios']['two']:.2f} x one core ({micros(point['seconds']['one'])} us)"])
    return markdown(["point", "us per call", "beside"], rows)


def goal_table(checked):
    rows = []
    for goal in checked:
        missed = ", ".join(goal.missed[:12]) + (f", and {len(goal.missed) - 12} more" if len(goal.missed) > 12 else "")
        rows.append([goal.text, "not measured" if goal.points == 0 else "held" if goal.holds else "missed",
                     goal.figure, missed])
    return markdown(["goal", "", "figures", "points that miss"], rows)


def echo_table(figures):
    rows = [[r["model"], r["case"], f"{r['echo']['cpu_us_per_step']:.2f}", f"{r['server']['cpu_us_per_step']:.2f}",
             f"{r['server']['kernel_us_per_step']:.2f}", f"{r['cpu_ratio']:.2f}",
             f"{r['server']['steps_per_second']:.0f}", f"{r['server']['p50_us']:.0f}", f"{r['extra_latency_us']:.0f}"]
            for r in figures.echo]
    return markdown(["model", "case", "echo, CPU us per step", "ours", "of them kernels", "(ours - kernels) / echo",
                     "steps/s", "p50, us", "p50 beyond echo and kernels, us"], rows)


def sessions_table(figures):
    s = figures.sessions
    return markdown(["sessions", "bytes beside the state row", "p50 of a step among few, us", "among all, us", "ratio"],
                    [[s["sessions"], f"{s['bytes_beside_row']:.0f}", micros(s["few_p50_seconds"]),
                      micros(s["many_p50_seconds"]), f"{s['p50_ratio']:.2f}"]])


def all_tables(machine, figures, checked):
    tables = {"machine": machine_table(machine, figures), "goals": goal_table(checked)}
    for cell in ("lstm", "gru"):
        for steps in (1, 16):
            if figures.of("step", cell, steps):
                tables[f"{cell}-{steps}"] = grid_table(figures, cell, steps)
    if figures.of("precision"):
        tables["precision"] = precision_table(figures)
    if figures.of("chunk") or figures.of("threads"):
        tables["other"] = other_table(figures)
    if figures.echo:
        tables["edge"] = echo_table(figures)
    if figures.sessions:
        tables["sessions"] = sessions_table(figures)
    return tables


# The machine.

def first_line(path, default=""):
    path = pathlib.Path(path)
    return path.read_text().splitlines()[0] if path.exists() else default


def cache_bytes(level):
    """Of the first core's data or unified cache of that level; 0: unknown."""
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if first_line(index / "level") == str(level) and first_line(index / "type") != "Instruction":
            size = first_line(index / "size")
            return int(size[:-1]) * {"K": 2**10, "M": 2**20}[size[-1]]
    return 0


def describe_machine(compiler):
    info = pathlib.Path("/proc/cpuinfo").read_text()

    def field(name, default="unknown"):
        found = re.search(rf"^{name}\s*:\s*(.*)$", info, re.M)
        return found[1] if found else default
    flags = set(field("flags", field("Features", "")).split())
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
                            capture_output=True, text=True).stdout.strip()
    caches = [f"L{level} {cache_bytes(level) / 2**20:.3g} MB" for level in (1, 2, 3) if cache_bytes(level)]
    return {"processor": f"{field('model name')} (family {field('cpu family')}, model {field('model')})",
            "cores": str(len(re.findall(r"^processor\s*:", info, re.M))),
            "flags of interest": " ".join(flag for flag in FLAGS if flag in flags) or "none",
            "caches (per core; L3 shared)": ", ".join(caches),
            "compiler": compiler, "commit": commit or "unknown"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--document")
    parser.add_argument("--json")
    parser.add_argument("--compiler", default="unknown")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    figures = Figures([json.loads(pathlib.Path(file).read_text()) for file in options.files])
    machine = describe_machine(options.compiler)
    checked = goals.check(figures.points, cache_bytes(2))
    for goal in checked:
        print(goal)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(
            {"machine": machine, "target": figures.target, "products": figures.products,
             "peak": max(figures.peaks, default=None),
             "bandwidth": [{"bytes": b, "bytes_per_second": s} for b, s in sorted(figures.bandwidth.items())],
             "versions": figures.versions, "empty": figures.empty, "goals": [vars(goal) for goal in checked],
             "points": figures.points, "echo": figures.echo, "sessions": figures.sessions}, indent=1) + "\n")
    if options.document:
        document = pathlib.Path(options.document)
        try:
            document.write_text(replace_tables(document.read_text(), all_tables(machine, figures, checked)))
        except ValueError as error:
            sys.exit(f"bench_report: {document}: {error}")


if __name__ == "__main__":
    main()
