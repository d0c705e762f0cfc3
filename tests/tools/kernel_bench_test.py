#!/usr/bin/env python3
"""kernel_bench runs, agrees with the other libraries, and says what the report reads: kernel_bench_test.py PROGRAM.

How long anything takes is not looked at.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop()


def run(*options):
    return subprocess.run([PROGRAM, "--rounds", "1", "--window-ms", "0.1", *options], capture_output=True, text=True)


def served(*lines):
    return subprocess.run([PROGRAM, "--serve"], input="\n".join(lines) + "\n", capture_output=True,
                          text=True).stdout.splitlines()


class KernelBench(unittest.TestCase):
    def test_points_agree_and_are_reported(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "figures.json")
            done = run("--kinds", "step", "--units", "64", "--rows", "2", "--json", str(file))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            report = json.loads(file.read_text())
        self.assertGreater(report["peak"], 0)
        shapes = [(p["cell"], p["units"], p["rows"], p["steps"]) for p in report["points"]]
        self.assertEqual(shapes, [("lstm", 64, 2, 1), ("lstm", 64, 2, 16), ("gru", 64, 2, 1), ("gru", 64, 2, 16)])
        for point in report["points"]:
            self.assertIn("eigen", point["ratios"])
            for figures in ("bounds", "over_bounds"):
                self.assertEqual(set(point["seconds"]), set(point[figures]))
                self.assertGreater(point[figures]["ours"], 0)

    def test_sizes_outside_of_the_grid_are_measured_where_they_are_asked_for(self):
        done = run("--cells", "gru", "--units", "40,72", "--rows", "3", "--steps", "2", "--against", "none")
        self.assertEqual(re.findall(r"step/gru/H:(\d+)/B:3/T:2", done.stdout), ["40", "72"], done.stdout + done.stderr)

    def test_the_target_is_the_one_asked_for(self):
        worst = re.search(r"(\w+)}", run("--target", "NONE").stderr)[1]
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "figures.json")
            done = run("--kinds", "step", "--cells", "lstm", "--units", "64", "--rows", "5", "--steps", "1", "--against",
                       "eigen", "--target", worst, "--json", str(file))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(json.loads(file.read_text())["target"], worst)

    def test_a_wrong_option_is_refused(self):
        self.assertNotEqual(run("--cells", "rnn").returncode, 0)
        self.assertNotEqual(run("--rows", "0").returncode, 0)
        self.assertNotEqual(run("--no-such-option").returncode, 0)
        self.assertNotEqual(run("--target", "NONE").returncode, 0)

    def test_figures_that_cannot_be_written_are_an_error(self):
        done = run("--kinds", "step", "--cells", "gru", "--units", "64", "--rows", "1", "--steps", "1", "--against",
                   "none", "--json", "/nowhere/figures.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write", done.stderr)

    def test_served_contestants_agree(self):
        ours, eigen = (
            [float(word) for word in served(f"make {name} gru 64 2 3", f"outputs {name}")[1].split()]
            for name in ("ours", "eigen"))
        self.assertEqual(len(ours), 3 * 2 * 64)
        self.assertGreater(max(map(abs, ours)), 0.1)
        for a, b in zip(ours, eigen, strict=True):
            self.assertAlmostEqual(a, b, delta=1e-5)

    def test_served_time_is_a_number(self):
        made, seconds = served("make ours lstm 64 1 1", "time ours 1e-4")
        self.assertEqual(made, "ok")
        self.assertGreater(float(seconds), 0)

    def test_nonsense_is_answered(self):
        answers = served("make ours rnn 64 1 1", "time ours 1", "make nobody lstm 64 1 1", "make ours lstm 64 1 0")
        self.assertTrue(answers[0].startswith("error: expected make"))
        self.assertTrue(answers[1].startswith("error: nothing made"))
        self.assertEqual(answers[2], "none")
        self.assertTrue(answers[3].startswith("error: expected make"))


if __name__ == "__main__":
    unittest.main()
