#!/usr/bin/env python3
"""The layer check finds includes that point up, across, or outside."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_layers.py"


def check(files):
    """Exit code and output of the check over a tree of these files."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        run = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True)
        return run.returncode, run.stdout


class CheckLayers(unittest.TestCase):
    def test_an_include_downwards_passes(self):
        code, _ = check({"core/nn/model.cc": '#include "core/kernels/cells.h"\n'})
        self.assertEqual(code, 0)

    def test_an_include_upwards_is_named_with_its_line(self):
        code, output = check({"core/base/file.cc": '\n#include "core/nn/model.h"\n'})
        self.assertEqual(code, 1)
        self.assertIn("core/base/file.cc:2: core/nn/model.h", output)

    def test_an_include_across_is_refused(self):
        code, _ = check({"core/kernels/cells.cc": '#include "core/model/graph.h"\n'})
        self.assertEqual(code, 1)

    def test_the_server_does_not_know_the_trainer(self):
        code, _ = check({"server/engine/engine.cc": '#include "core/train/trainer.h"\n'})
        self.assertEqual(code, 1)

    def test_a_library_stays_in_its_folder(self):
        code, _ = check({"core/nn/lstm.cc": "#include <hwy/highway.h>\n"})
        self.assertEqual(code, 1)


if __name__ == "__main__":
    unittest.main()
