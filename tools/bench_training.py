#!/usr/bin/env python3
"""What a training step takes, ours beside PyTorch.

    bench_training.py --program build/release/bin/sequent-train --text FILE [--probe build/release/bench/kernel_bench]
                      [--models 1x512,2x256] [--updates 12] [--rounds 5] [--json FILE] [--document FILE]

A model LxH is an embedding of width H, L LSTM layers of H units and a softmax over the characters; batch 64, bptt 64,
state carried on, Adam, gradients clipped at norm 1, fp32. A time is that of a whole update: forward, backward, clipping
and the optimiser's step. Ours with one thread, PyTorch with one and ours with two take turns, round by round, each a
process of its own on cores of its own; of a round its median update counts, of the rounds the median, and ratios are
the median of the rounds' ratios. Operations are counted as three times those of the forward products; --probe measures
the core's peak, in every round as well, and the best counts. Without PyTorch its column stays empty.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

BATCH, BPTT = 64, 64
WARM_UP = 2  # updates that do not count


def config(model, text, updates, threads):
    layers, units = map(int, model.split("x"))
    stack = [{"name": "embedding", "embedding": {"width": units}}]
    stack += [{"name": f"lstm{i}", "lstm": {"units": units}} for i in range(layers)]
    return {
        "task": "language_model",
        "data": {"path": text, "split": {"train": 0.99, "validation": 0.001}},
        "model": {"input": {"tokens": {"codec": "characters"}}, "layers": stack,
                  "heads": [{"name": "next", "softmax": {}}]},
        "train": {"batch": BATCH, "bptt": BPTT, "max_updates": updates, "threads": threads,
                  "optimizer": {"adam": {"lr": 0.001}}, "clip": {"global_norm": 1.0}},
    }


def between(times):
    return statistics.median(b - a for a, b in zip(times[WARM_UP:], times[WARM_UP + 1:]))


def ours(options, model, threads):
    """Median seconds per update."""
    with tempfile.TemporaryDirectory() as folder:
        file, run = pathlib.Path(folder, "config.yaml"), pathlib.Path(folder, "run")
        file.write_text(json.dumps(config(model, options.text, options.updates, threads)))  # JSON is YAML
        done = subprocess.run([options.program, "fit", str(file), "--run-dir", str(run), "--progress", "plain",
                               "--out", str(pathlib.Path(folder, "model.safetensors"))], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench_training: {options.program} failed:\n{done.stderr}")
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        return between([line["seconds"] for line in lines if "loss" in line])


def torch_here(model, text, updates):
    """Prints the median seconds per update: run in a process of its own."""
    import torch
    torch.set_num_threads(1)
    torch.manual_seed(1)
    layers, units = map(int, model.split("x"))
    characters = pathlib.Path(text).read_text()
    index = {c: i for i, c in enumerate(sorted(set(characters)))}
    tokens = torch.tensor([index[c] for c in characters])
    lane = (len(tokens) - 1) // BATCH
    inputs = tokens[:lane * BATCH].view(BATCH, lane).t().contiguous()
    targets = tokens[1:lane * BATCH + 1].view(BATCH, lane).t().contiguous()
    embedding = torch.nn.Embedding(len(index), units)
    lstm = torch.nn.LSTM(units, units, layers)
    head = torch.nn.Linear(units, len(index))
    parameters = [*embedding.parameters(), *lstm.parameters(), *head.parameters()]
    adam = torch.optim.Adam(parameters, lr=0.001)
    state, times = None, [time.monotonic()]
    for update in range(updates):
        part = slice(update * BPTT, (update + 1) * BPTT)
        y, state = lstm(embedding(inputs[part]), state)
        state = tuple(s.detach() for s in state)
        loss = torch.nn.functional.cross_entropy(head(y).flatten(0, 1), targets[part].flatten())
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()
        times.append(time.monotonic())
    print(torch.__version__, between(times[1:]))


def torch_apart(options, model):
    command = [sys.executable, __file__, "--torch", model, "--text", options.text, "--updates", str(options.updates)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode != 0:
        return None, None
    version, seconds = done.stdout.split()
    return version, float(seconds)


def peak(options):
    if not options.probe:
        return 0.0
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([options.probe, "--kinds", "step", "--cells", "lstm", "--units", "64", "--rows", "1", "--steps",
                        "1", "--against", "none", "--rounds", "5", "--json", file.name], capture_output=True, check=True)
        return json.load(file)["peak"]


def operations(model, symbols):
    layers, units = map(int, model.split("x"))
    return 3 * BATCH * BPTT * (layers * 2 * 4 * units * 2 * units + 2 * units * symbols)


def measure(options, model):
    rounds = []
    for _ in range(options.rounds):
        version, torch = torch_apart(options, model)
        rounds.append({"peak": peak(options), "ours": ours(options, model, 1), "torch": torch, "version": version,
                       "two": ours(options, model, 2) if os.cpu_count() > 1 else None})
    symbols = len(set(pathlib.Path(options.text).read_text())) + 1  # and <unk>
    result = {"model": model, "rounds": rounds, "seconds": statistics.median(r["ours"] for r in rounds),
              "torch": rounds[0]["version"], "peak": max(r["peak"] for r in rounds)}
    result["flops"] = operations(model, symbols) / result["seconds"]
    result["share"] = result["flops"] / result["peak"] if result["peak"] else None
    for name in ("torch", "two"):
        pairs = [(r[name], r["ours"]) for r in rounds if r[name]]
        ratio = statistics.median(a / b for a, b in pairs) if pairs else None
        result[f"{name}_ratio"] = 1 / ratio if name == "two" and ratio else ratio
    return result


def cell(value, form):
    return "" if value is None else format(value, form)


def table(results):
    lines = ["| model | ours, one thread | GFLOP/s | of the peak | PyTorch's time over ours | two threads |",
             "| --- | --- | --- | --- | --- | --- |"]
    for r in results:
        lines.append(f"| {r['model']} | {r['seconds'] * 1e3:.0f} ms | {r['flops'] / 1e9:.0f} | {cell(r['share'], '.2f')} | "
                     f"{cell(r['torch_ratio'], '.2f')} | {cell(r['two_ratio'], '.2f')} x |")
    torch = results[0]["torch"]
    lines += ["", f"Peak of one core: {results[0]['peak'] / 1e9:.0f} GFLOP/s." +
              (f" PyTorch {torch}, one thread." if torch else " PyTorch was not found.")]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program")
    parser.add_argument("--text", required=True)
    parser.add_argument("--probe")
    parser.add_argument("--models", default="1x512,2x256")
    parser.add_argument("--updates", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json")
    parser.add_argument("--document", help="file whose table 'training-speed' is replaced")
    parser.add_argument("--torch", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch:
        return torch_here(options.torch, options.text, options.updates)
    results = [measure(options, model) for model in options.models.split(",")]
    print(table(results))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1))
    if options.document:
        document = pathlib.Path(options.document)
        text, found = re.subn(r"(<!-- table: training-speed -->\n).*?(<!-- end -->)",
                              lambda m: f"{m[1]}\n{table(results)}\n\n{m[2]}", document.read_text(), flags=re.S)
        if not found:
            sys.exit(f"bench_training: {document} has no table 'training-speed'")
        document.write_text(text)


if __name__ == "__main__":
    main()
