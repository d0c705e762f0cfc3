#!/usr/bin/env python3
"""The tables of tools/demo.sh, from what the programs printed.

    demo_report.py metrics URL MODEL           batch sizes and waiting times from a /metrics page
    demo_report.py rollout DATA.csv ANSWERS    a forecast of many days beside truth and persistence
    demo_report.py days DATA.csv ANSWERS       forecasts of one day ahead beside truth and persistence

ANSWERS are lines of `sequent rollout --json` or `sequent stream --json`.
"""
import csv
import json
import math
import re
import sys
import urllib.request

HELD_OUT = 365


def table(rows):
    """Columns to the right, the last one (bars) as it is if its heading is empty."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    if not rows[0][-1]:
        widths[-1] = 0
    for row in rows:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths)).rstrip())


def rmse(forecasts, truths):
    return math.sqrt(sum((f - t) ** 2 for f, t in zip(forecasts, truths)) / len(truths))


def days(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows], [float(row[1]) for row in rows]


def values(heads):
    """The numbers of the first head of an answer: a point forecast, or the mean of a distribution."""
    head = heads[0]
    return (head.get("values") or head["distribution"]["mean"])["values"]


def compare(dates, truths, naive, forecasts, shown):
    """A row per day for the first `shown`, then the errors over all."""
    rows = [["day", "truth", "naive", "model"]]
    for day in range(min(shown, len(truths))):
        rows.append([dates[day], *(f"{column[day]:.1f}" for column in (truths, naive, forecasts))])
    if shown < len(truths):
        rows.append(["...", "", "", ""])
    naive_error, error = rmse(naive, truths), rmse(forecasts, truths)
    rows.append(["RMSE", "", f"{naive_error:.3f}", f"{error:.3f}"])
    table(rows)
    better = 100 * (1 - error / naive_error)
    print(f"  over {len(truths)} days the model's error is {abs(better):.1f} % "
          f"{'below' if better > 0 else 'above'} the naive one's")


def report_rollout(data, answers):
    dates, truths = days(data)
    with open(answers) as file:
        steps = [json.loads(line).get("step") for line in file]
    forecasts = [values(step["heads"])[0] for step in steps if step]
    first = len(truths) - HELD_OUT
    after = slice(first, first + len(forecasts))
    compare(dates[after], truths[after], [truths[first - 1]] * len(forecasts), forecasts, len(forecasts))
    print("  naive: the last day of the history, repeated")


def report_days(data, answers):
    dates, truths = days(data)
    with open(answers) as file:
        forecasts = [values(json.loads(line)["heads"])[-1] for line in file]
    first = len(truths) - HELD_OUT
    # The answer to a day forecasts the next one.
    compare(dates[first:], truths[first:], truths[first - 1:-1], forecasts[first - 1:len(truths) - 1], 7)
    print("  naive: the day before")


def samples(page, name, model):
    """(labels, value) of one metric's series of one model."""
    for line in page.splitlines():
        match = re.fullmatch(re.escape(name) + r"\{(.*)\} (\S+)", line)
        if match:
            labels = dict(re.findall(r'(\w+)="([^"]*)"', match[1]))
            if labels.get("model") == model:
                yield labels, float(match[2])


def buckets(page, name, model):
    """[(upper bound, how many in this bucket)]."""
    cumulative = sorted((float(labels["le"]), count) for labels, count in samples(page, name + "_bucket", model))
    counts = [count for _, count in cumulative]
    return [(bound, count - before) for (bound, count), before in zip(cumulative, [0, *counts])]


def quantile(histogram, fraction):
    """The bucket that holds the quantile, as Prometheus has it but without interpolation."""
    wanted, seen = fraction * sum(count for _, count in histogram), 0
    for bound, count in histogram:
        seen += count
        if seen >= wanted:
            return bound
    return math.inf


def report_metrics(url, model):
    with urllib.request.urlopen(url, timeout=10) as answer:
        page = answer.read().decode()
    rows = buckets(page, "sequent_tick_rows", model)
    ticks = sum(count for _, count in rows)
    lower, lines = 0, []
    for bound, count in rows:
        if count:
            span = "more" if math.isinf(bound) else str(int(bound)) if bound == lower + 1 else f"{lower + 1}-{int(bound)}"
            lines.append([span, f"{int(count)}", f"{100 * count / ticks:.1f} %", "#" * math.ceil(40 * count / ticks)])
        lower = lower if math.isinf(bound) else int(bound)
    table([["rows in a tick", "ticks", "share", ""], *lines])
    total = next(value for _, value in samples(page, "sequent_tick_rows_sum", model))
    steps = next(value for _, value in samples(page, "sequent_steps_total", model))
    print(f"  {int(steps)} steps in {int(ticks)} ticks, {total / ticks:.1f} sessions in a tick on average")
    lines = [["", "half within", "99 % within"]]
    for name, text in [("sequent_tick_seconds", "a tick"), ("sequent_step_queue_seconds", "a wait for the first tick")]:
        histogram = buckets(page, name, model)
        lines.append([text, *(f"{quantile(histogram, q) * 1e3:g} ms" for q in (0.5, 0.99))])
    table(lines)


REPORTS = {"metrics": report_metrics, "rollout": report_rollout, "days": report_days}

if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in REPORTS:
        sys.exit(__doc__)
    REPORTS[sys.argv[1]](*sys.argv[2:])
