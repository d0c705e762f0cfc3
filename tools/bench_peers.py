#!/usr/bin/env python3
"""One recurrent layer, ours beside ONNX Runtime, OpenVINO, oneDNN and PyTorch.

    bench_peers.py --server build/release/bench/kernel_bench [--json FILE] [--peers onnxruntime,openvino,torch]
                   [--cells lstm,gru] [--units 64,...] [--rows 1,...] [--steps 1,16] [--rounds 11] [--window-ms 2]
                   [--quick]

Every library gets one thread, fp32, its weights as constants, its inputs and outputs bound beforehand. They and ours
(and oneDNN: kernel_bench --serve, a process of its own on the same core) take turns, window by window, so that a ratio
compares what met the same clocks and neighbours. A library that is not installed is left out. Before anything is
timed, every library's outputs are compared with ours. tools/bench_peers_requirements.txt has the versions.
"""
import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time

try:
    import bench_libraries as libraries
    import numpy as np
except ImportError as missing:
    print(f"bench_peers: skipped: {missing} (tools/bench_peers_requirements.txt)")
    sys.exit(0)

TOLERANCE = 1e-4
# As in tests/bench/kernel/rounds.cc: up to so many calls, in so many seconds, go before a window, unless calls are longer.
WARM_CALLS, WARM_UP, LONG_CALL = 8, 30e-3, 60e-3
# Windows in which the system took the core away are measured again.
TRIES, ALL_TRIES = 10, 0.3
SLOW_CALL = 30e-3  # seconds: what is only shown gets few rounds if its calls are longer
SHOWN_ONLY = {"torch": 3}  # rounds then


def preemptions():
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


class Served:
    """A contestant of kernel_bench --serve."""

    def __init__(self, server, name):
        self.server, self.name = server, name

    def make(self, shape, _weights):
        return self.ask(f"make {self.name} {shape}") == "ok"

    def time(self, window):
        return float(self.ask(f"time {self.name} {window}"))

    def outputs(self, shape):
        return np.array(self.ask(f"outputs {self.name}").split(), np.float32).reshape(
            shape.steps, shape.rows, shape.units)

    def ask(self, line):
        self.server.stdin.write(line + "\n")
        self.server.stdin.flush()
        answer = self.server.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            sys.exit(f"bench_peers: kernel_bench --serve, asked '{line}', answered '{answer}'")
        return answer


class Local:
    """A library of this process."""

    def __init__(self, library):
        self.library, self.name, self.call, self.last = library, library.name, None, 0

    def make(self, shape, weights):
        self.call, self.last = self.library.layer(shape, weights), 0
        return True

    def time(self, window):
        """Seconds per call, over about `window` seconds; as Window::Measure of tests/bench/kernel/rounds.h."""
        begin, best = time.perf_counter(), None
        for _ in range(TRIES):
            self.warm_up()
            before = preemptions()
            seconds = self.time_once(window)
            if preemptions() == before:
                return seconds
            best = seconds if best is None else min(best, seconds)
            if time.perf_counter() > begin + ALL_TRIES:
                break
        return best

    def warm_up(self):
        run = self.call.run
        if self.last <= LONG_CALL:
            begin = time.perf_counter()
            for _ in range(WARM_CALLS):
                run()
                if time.perf_counter() > begin + WARM_UP:
                    break

    def time_once(self, window):
        run = self.call.run
        batch = max(1, int(window / self.last / 8)) if self.last else 1
        calls, begin = 0, time.perf_counter()
        while True:
            for _ in range(batch):
                run()
            calls += batch
            passed = time.perf_counter() - begin
            if passed >= window:
                self.last = passed / calls
                return self.last

    def outputs(self, shape):
        self.call.run()
        return np.asarray(self.call.outputs()).reshape(shape.steps, shape.rows, shape.units)


class Bench:
    def __init__(self, options):
        self.options, self.weights = options, (None, None)
        # Libraries and the server come after this, and stay on the core as well.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        self.local = [Local(library) for library in libraries.installed(options.peers)]
        self.server = subprocess.Popen([options.server, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.contestants = [Served(self.server, "ours"), Served(self.server, "onednn"), *self.local]

    def made(self, shape):
        """Those that have a layer of this shape ready."""
        key = (shape.cell, shape.units)
        if self.weights[0] != key:
            self.weights = key, libraries.Weights(*key)
        return [contestant for contestant in self.contestants if contestant.make(shape, self.weights[1])]

    def compare(self):
        """Whether all libraries compute what we compute."""
        equal = True
        for cell in self.options.cells:
            for shape in (libraries.Shape(cell, 64, 3, 4), libraries.Shape(cell, 128, 1, 1)):
                ours, *others = self.made(shape)
                expected = ours.outputs(shape)
                for other in others:
                    difference = np.abs(other.outputs(shape) - expected).max()
                    if not difference <= TOLERANCE:
                        print(f"bench_peers: {other.name} differs from ours by {difference} ({shape})")
                        equal = False
        return equal

    def empty(self):
        """Seconds of a call that computes nothing, by library."""
        costs = {}
        for local in self.local:
            local.call, local.last = local.library.empty(), 0
            costs[local.name] = statistics.median(local.time(self.options.window) for _ in range(self.options.rounds))
        return costs

    def point(self, shape):
        made = self.made(shape)
        seconds = {contestant.name: [] for contestant in made}
        for done in range(self.options.rounds):
            for contestant in made:
                name = contestant.name
                if done >= SHOWN_ONLY.get(name, done + 1) and seconds[name][0] > SLOW_CALL:
                    continue
                seconds[name].append(contestant.time(self.options.window))
        ours = seconds["ours"]
        return {"kind": "peers", "cell": shape.cell, "units": shape.units, "rows": shape.rows, "steps": shape.steps,
                "rounds": self.options.rounds,
                "seconds": {name: statistics.median(values) for name, values in seconds.items()},
                "ratios": {name: statistics.median(a / b for a, b in zip(values, ours))
                           for name, values in seconds.items() if name != "ours"}}

    def run(self):
        if not self.compare():
            sys.exit(1)
        report = {"versions": {local.name: local.library.version for local in self.local}, "empty": self.empty(),
                  "points": []}
        for name, cost in report["empty"].items():
            print(f"an empty call of {name} {report['versions'][name]}: {cost * 1e6:.1f} us")
        gc.disable()
        for cell in self.options.cells:
            for units in self.options.units:
                for steps in self.options.steps:
                    for rows in self.options.rows:
                        point = self.point(libraries.Shape(cell, units, rows, steps))
                        report["points"].append(point)
                        print(line(point), flush=True)
                gc.collect()
        self.server.stdin.close()
        self.server.wait()
        return report


def line(point):
    ratios = "  ".join(f"{name} {ratio:5.2f}" for name, ratio in point["ratios"].items())
    return (f"{point['cell']:5}H {point['units']:4}  B {point['rows']:3}  T {point['steps']:2}  "
            f"{point['seconds']['ours'] * 1e6:10.1f} us;  theirs / ours: {ratios}")


def main():
    def names(text):
        return text.split(",")

    def numbers(text):
        return [int(part) for part in text.split(",")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    parser.add_argument("--json")
    parser.add_argument("--peers", type=names, default=["onnxruntime", "openvino", "torch"])
    parser.add_argument("--cells", type=names, default=["lstm", "gru"])
    parser.add_argument("--units", type=numbers, default=[64, 128, 256, 512, 1024])
    parser.add_argument("--rows", type=numbers, default=[1, 2, 4, 8, 16, 32, 64, 128])
    parser.add_argument("--steps", type=numbers, default=[1, 16])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--window-ms", dest="window", type=lambda text: float(text) / 1e3, default=2e-3)
    parser.add_argument("--quick", action="store_true", help="3 rounds of 1 ms: to look, not to quote")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.window = 3, 1e-3
    report = Bench(options).run()
    if options.json:
        with open(options.json, "w") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
