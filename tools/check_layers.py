#!/usr/bin/env python3
"""Fails on an include that points up or across: folders are layers, arrows only point down.

    check_layers.py [ROOT]
"""
import pathlib
import re
import sys

# Folder -> folders it may include, itself aside. The ladder of docs/architecture.md.
BELOW = {
    "core/base": [],
    "core/kernels": ["core/base"],
    "core/model": ["core/base"],
    "core/codec": ["core/base", "core/model"],
    "core/nn": ["core/base", "core/kernels", "core/model", "core/codec"],
    "core/search": ["core/base"],
    "core/train": ["core/base", "core/kernels", "core/model", "core/codec", "core/nn"],
    "trainer": ["core/base", "core/kernels", "core/model", "core/codec", "core/nn", "core/search",
                "core/train"],
    "server/engine": ["core/base", "core/kernels", "core/model", "core/codec", "core/nn"],
    "server/rpc": ["core/base", "core/model", "core/codec", "core/nn", "core/kernels", "server/engine"],
    "server": ["core/base", "core/kernels", "server/engine", "server/rpc"],
    "client": ["core/base"],
}
# Outside headers -> the only folders that may include them.
ONLY_IN = {
    r"hwy/": ["core/kernels"],
    r"(grpc|grpcpp)/|.*\.grpc\.pb\.h": ["server/rpc", "server", "client"],
    r"Eigen/": ["core/search", "core/train"],
    r"dlib/": ["core/search"],
    r"sentencepiece_(processor|trainer)\.h": ["trainer"],
    r"prometheus/": ["server/engine", "server/rpc"],
    r"nlohmann/": ["core/model", "core/train", "trainer", "server"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path):
    """The longest folder of BELOW that holds `path`, or None."""
    holders = [folder for folder in BELOW if path.startswith(folder + "/")]
    return max(holders, key=len, default=None)


def problem(source, bracket, header):
    layer, target = layer_of(source), layer_of(header)
    if bracket == '"' and target and target != layer and target not in BELOW[layer]:
        return f"{layer} may not include {target} (it may include: {', '.join(BELOW[layer]) or 'nothing'})"
    for pattern, folders in ONLY_IN.items():
        if re.match(pattern, header) and layer not in folders:
            return f"{header} belongs to {', '.join(folders)} only"
        if re.match(pattern, header) and pattern == "Eigen/" and source.endswith(".h") and "-inl" not in source:
            return "Eigen stays out of public headers"
    return None


def main(root):
    problems = 0
    for path in sorted(root.rglob("*")):
        source = path.relative_to(root).as_posix()
        if path.suffix not in (".h", ".cc") or layer_of(source) is None:
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            found = INCLUDE.match(line)
            reason = found and problem(source, found.group(1), found.group(2))
            if reason:
                print(f"{source}:{number}: {found.group(2)}: {reason}")
                problems += 1
    print(f"check_layers: {problems} wrong includes")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
