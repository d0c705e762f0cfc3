#!/usr/bin/env python3
"""Fails when something that has to be in a document is not there: check_docs.py [ROOT].

Packages (tools/packages.txt), flags (server/flags.cc), metrics (server/engine), reasons
(predictor.proto), events (server/rpc, server); tests that docs/architecture.md names and that do not exist; and
relative links between documents that lead nowhere.
"""
import pathlib
import re
import sys


def found(root, pattern, *folders):
    """Every match of `pattern`'s one group in the sources under `folders`."""
    names = set()
    for folder in folders:
        path = root / folder
        for source in [path] if path.is_file() else sorted(path.rglob("*.cc")):
            names.update(re.findall(pattern, source.read_text()))
    return names


def packages(root):
    lines = (root / "tools/packages.txt").read_text().splitlines()
    names = (line.split("#")[0].strip() for line in lines)
    return {name for name in names if name and not name.startswith("[")}


def reasons(root):
    proto = (root / "proto/sequent/v1/predictor.proto").read_text()
    names = re.findall(r"^  ([A-Z_]+) = \d+;", re.search(r"enum Reason \{(.*?)\n\}", proto, re.S)[1], re.M)
    return set(names) - {"REASON_UNSPECIFIED"}


def missing(root):
    """(document, name) for each name its document does not have in full."""
    wanted = {
        "docs/dependencies.md": packages(root),
        "docs/operations.md": {
            *(f"--{flag}" for flag in found(root, r'(?:->|\.|\s)(?:Count|Size|Duration|Address|Text|Choice)\("([a-z-]+)"',
                                            "server/flags.cc")),
            *found(root, r'"((?:sequent|process)_[a-z_]+)"', "server/engine"),
            *found(root, r'Level::k\w+,\s*"([a-z_]+)"', "server"),
        },
        "docs/protocol.md": reasons(root),
    }
    for document, names in wanted.items():
        text = (root / document).read_text()
        for name in sorted(names):
            if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
                yield document, f"{name} is missing"


def unknown_tests(root):
    """Names like `Suite.Test` or `Suite.*` in docs/architecture.md that no test has."""
    tests = found(root, r"TEST(?:_[FP])?\((\w+, \w+)\)", "tests")
    names = {".".join(test.split(", ")) for test in tests}
    suites = {name.split(".")[0] for name in names}
    text = (root / "docs/architecture.md").read_text()
    for suite, test in re.findall(r"`([A-Z]\w+)\.([A-Z]\w+|\*)`", text):
        if suite not in suites if test == "*" else f"{suite}.{test}" not in names:
            yield "docs/architecture.md", f"{suite}.{test} (no such test)"


def broken_links(root):
    for document in [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md")),
                     *sorted((root / "examples").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            if not (document.parent / target).exists():
                yield document.relative_to(root).as_posix(), f"{target} (a link to nothing)"


def main(root):
    problems = [*missing(root), *unknown_tests(root), *broken_links(root)]
    for document, name in problems:
        print(f"{document}: {name}")
    print(f"check_docs: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
