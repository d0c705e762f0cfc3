#!/usr/bin/env python3
"""The report of the measurements fills the document's places and names the points that miss a goal."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

import bench_goals  # noqa: E402
import bench_report  # noqa: E402


def point(kind="step", cell="lstm", units=128, rows=16, steps=1, time=1e-6, bound=1e-6, **ratios):
    over_bounds = {"ours": time / bound}
    return {"kind": kind, "cell": cell, "units": units, "rows": rows, "steps": steps, "rounds": 11,
            "seconds": {"ours": time}, "bounds": {"ours": bound}, "over_bounds": over_bounds, "ratios": ratios}


def goal(points, words, l2_bytes=2**21):
    """The one goal whose text has these words."""
    found = [g for g in bench_goals.check(points, l2_bytes) if words in g.text]
    assert len(found) == 1, (words, [g.text for g in found])
    return found[0]


class Goals(unittest.TestCase):
    def test_a_goal_without_points_does_not_hold(self):
        self.assertFalse(goal([], "geometric mean").holds)
        self.assertFalse(goal([], "two cores").holds)
        self.assertIn("not measured", str(goal([], "two cores")))

    def test_the_fastest_rival_counts(self):
        fast = goal([point(onednn=2.0, onnxruntime=0.94)], ">= 0.95")
        self.assertFalse(fast.holds)
        self.assertEqual(fast.missed, ["LSTM H 128 B 16 T 1 (0.94)"])
        self.assertTrue(goal([point(onednn=2.0, onnxruntime=0.96)], ">= 0.95").holds)

    def test_pytorch_and_eigen_are_no_rivals(self):
        self.assertTrue(goal([point(onednn=1.4, torch=0.5, eigen=0.5)], ">= 0.95").holds)

    def test_the_run_beside_all_rivals_counts_before_the_one_beside_onednn(self):
        points = [point(onednn=0.5), point("peers", onednn=1.0, openvino=1.1)]
        self.assertTrue(goal(points, ">= 0.95").holds)

    def test_the_mean_is_geometric_and_over_all_points(self):
        points = [point(onednn=1.0), point(cell="gru", onednn=2.0)]
        self.assertIn("1.41", goal(points, "geometric mean").figure)
        self.assertTrue(goal(points, "geometric mean").holds)
        self.assertFalse(goal([point(onednn=1.2)], "geometric mean").holds)

    def test_the_bound_is_for_128_units_and_more(self):
        self.assertFalse(goal([point(time=1.3e-6)], "LSTM, H >= 128").holds)
        self.assertEqual(goal([point(units=64, time=9e-6)], "LSTM, H >= 128").points, 0)

    def test_the_share_of_the_peak_is_for_weights_that_fit_the_cache(self):
        self.assertTrue(goal([point(time=1.1e-6)], "LSTM, weights that fit L2").holds)
        self.assertFalse(goal([point(time=1.12e-6)], "LSTM, weights that fit L2").holds)
        self.assertEqual(goal([point(units=512)], "LSTM, weights that fit L2").points, 0)
        self.assertEqual(goal([point(rows=8)], "LSTM, weights that fit L2").points, 0)

    def test_speedups_are_of_the_first_over_the_other(self):
        self.assertTrue(goal([point("threads", two=0.6)], "two cores").holds)
        self.assertFalse(goal([point("threads", two=0.7)], "two cores").holds)


    def test_a_faster_cache_is_one_that_holds_bf16_weights_alone(self):
        def precisions(units, bf16):
            return [point("precision", units=units, rows=1, bf16=bf16)]
        # L2 of 2 MiB: 320 units are 3.1 MiB of fp32, 1.6 MiB of bf16.
        self.assertTrue(goal(precisions(320, 0.39), "faster cache").holds)
        self.assertFalse(goal(precisions(320, 0.41), "faster cache").holds)
        for units in (256, 1024):
            self.assertEqual(goal(precisions(units, 0.3), "faster cache").points, 0)


    def test_a_cell_without_points_has_no_mean(self):
        self.assertEqual(goal([point(onednn=1.5)], "geometric mean").figure, "1.50, LSTM 1.50")


class Document(unittest.TestCase):
    def test_a_table_replaces_what_is_between_its_marks(self):
        text = "a\n<!-- table: x -->\nold\n<!-- end -->\nb\n<!-- table: y -->\nkept\n<!-- end -->\n"
        new = bench_report.replace_tables(text, {"x": "| new |"})
        self.assertEqual(new, "a\n<!-- table: x -->\n\n| new |\n\n<!-- end -->\nb\n<!-- table: y -->\nkept\n<!-- end -->\n")
        self.assertEqual(bench_report.replace_tables(new, {"x": "| new |"}), new)

    def test_a_table_without_a_place_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "table: z"):
            bench_report.replace_tables("nothing here", {"z": "| |"})

    def test_the_edge_and_the_sessions_have_tables(self):
        round_ = {"cpu_us_per_step": 2.0, "kernel_us_per_step": 0.5, "steps_per_second": 1000.0, "p50_us": 120.0}
        echo = {"benchmark": "echo_bench", "results": [
            {"model": "series", "case": "alone", "cpu_ratio": 1.5, "extra_latency_us": 45.0, "echo": round_,
             "server": round_}]}
        sessions = {"sessions": 3000, "bytes_beside_row": 212.4, "few_p50_seconds": 1e-4, "many_p50_seconds": 1.1e-4,
                    "p50_ratio": 1.1}
        tables = bench_report.all_tables({}, bench_report.Figures([echo, sessions]), [])
        self.assertIn("| series | alone | 2.00 | 2.00 | 0.50 | 1.50 | 1000 | 120 | 45 |", tables["edge"])
        self.assertIn("| 3000 | 212 | 100 | 110 | 1.10 |", tables["sessions"])

    def test_reports_fill_the_real_document(self):
        kernels = {"target": "AVX3", "peak": 1e11, "neighbours": 0.0,
                   "bandwidth": [{"bytes": 2**20, "bytes_per_second": 2e11}],
                   "points": [point(time=1.5e-6, onednn=1.25, eigen=3.5), point("chunk", units=512, rows=1, steps=100)]}
        peers = {"versions": {"openvino": "1.2"}, "empty": {"openvino": 4e-6},
                 "points": [point("peers", onednn=1.25, openvino=1.75)]}
        with tempfile.TemporaryDirectory() as folder:
            document = pathlib.Path(folder, "performance.md")
            document.write_text((TOOLS.parent / "docs/performance.md").read_text())
            files = [pathlib.Path(folder, name) for name in ("kernels.json", "peers.json")]
            for file, report in zip(files, (kernels, peers)):
                file.write_text(json.dumps(report))
            joined = pathlib.Path(folder, "joined.json")
            run = subprocess.run([sys.executable, TOOLS / "bench_report.py", "--document", document, "--json", joined,
                                  *files], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn("| 128 | 16 | 1.5 | 1.0 | 1.50 | 1.25 | 1.75 | 3.50 |", document.read_text())
            self.assertIn("1.2; an empty call costs 4.0 us", document.read_text())
            self.assertEqual(len(json.loads(joined.read_text())["points"]), 3)


if __name__ == "__main__":
    unittest.main()
