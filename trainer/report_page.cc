#include "trainer/report_page.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/status.h"

namespace sequent {
namespace {

// Colours that people who see fewer can tell apart (Okabe and Ito).
constexpr char kStyle[] = R"(
:root { color-scheme: light dark; --line: #8884; --text: #222; --back: #fff; --soft: #f4f4f4; }
@media (prefers-color-scheme: dark) { :root { --text: #ddd; --back: #181818; --soft: #242424; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 860px; margin: 2em auto; padding: 0 1em;
       color: var(--text); background: var(--back); }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .2em .9em .2em 0; text-align: left; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; } tr.baseline td { font-style: italic; }
figure { margin: 1.5em 0; } figcaption { margin-bottom: .3em; }
svg { width: 100%; height: auto; } .tick { font-size: 11px; fill: var(--text); }
.grid { stroke: var(--line); fill: none; } .line { fill: none; stroke-width: 1.5; }
.band { fill: #0072b2; opacity: .18; stroke: none; }
.c0 { stroke: #0072b2; } .c1 { stroke: #d55e00; } .c2 { stroke: #009e73; }
.c3 { stroke: #cc79a7; } .c4 { stroke: #e69f00; } .c5 { stroke: #56b4e9; }
.f0 { fill: #0072b2; } .f1 { fill: #d55e00; } .f2 { fill: #009e73; }
.f3 { fill: #cc79a7; } .f4 { fill: #e69f00; } .f5 { fill: #56b4e9; }
.key { margin-left: 1em; padding-left: .4em; border-left: 1em solid; white-space: nowrap; }
.k0 { border-color: #0072b2; } .k1 { border-color: #d55e00; } .k2 { border-color: #009e73; }
.k3 { border-color: #cc79a7; } .k4 { border-color: #e69f00; } .k5 { border-color: #56b4e9; }
.kband { border-color: #0072b23a; } .warning { border-left: .4em solid #d55e00; padding-left: .8em; }
pre { background: var(--soft); padding: .8em; overflow-x: auto; white-space: pre-wrap; }
.cell { text-align: right; min-width: 3em; }
)";

std::string Number(double value) {
  if (std::isnan(value)) return "";
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return text;
}

std::string FactsTable(const Report& report) {
  std::string html = "<table>\n";
  for (const auto& [name, value] : report.facts) {
    html += StrCat("<tr><td>", EscapeHtml(name), "</td><td>", EscapeHtml(value), "</td></tr>\n");
  }
  return html + "</table>\n";
}

std::string Measures(const MeasureTable& table) {
  if (table.rows.empty()) return "";
  std::string html = "<h2>Measures</h2>\n<table>\n<tr><th></th>";
  for (const std::string& part : table.parts) {
    html += StrCat("<th class=\"n\">", EscapeHtml(part), "</th>");
  }
  html += "</tr>\n";
  bool baselines = false;
  for (const MeasureTable::Row& row : table.rows) {
    html += StrCat(row.baseline ? "<tr class=\"baseline\">" : "<tr>", "<td>", EscapeHtml(row.name),
                   "</td>");
    for (const double value : row.values) html += "<td class=\"n\">" + Number(value) + "</td>";
    html += "</tr>\n";
    baselines |= row.baseline;
  }
  return html + "</table>\n" + (baselines ? "<p>In italics: naive baselines.</p>\n" : "");
}

std::string Confusion(const ConfusionTable& table) {
  const size_t n = table.labels.size();
  std::string html = StrCat("<figure><figcaption>", EscapeHtml(table.title),
                            " (rows: true, columns: named)</figcaption><table>\n<tr><th></th>");
  for (const std::string& label : table.labels) {
    html += StrCat("<th class=\"cell\">", EscapeHtml(label), "</th>");
  }
  html += "</tr>\n";
  for (size_t row = 0; row < n; ++row) {
    double all = 0;
    for (size_t column = 0; column < n; ++column) all += table.counts[row * n + column];
    html += StrCat("<tr><th>", EscapeHtml(table.labels[row]), "</th>");
    for (size_t column = 0; column < n; ++column) {
      const double count = table.counts[row * n + column];
      const double share = all > 0 ? count / all : 0;
      char shade[80];
      std::snprintf(shade, sizeof(shade), "background: rgba(%s, %.2f)",
                    row == column ? "0,114,178" : "213,94,0", 0.8 * share);
      html += StrCat("<td class=\"cell\" style=\"", shade, "\">", Number(count), "</td>");
    }
    html += "</tr>\n";
  }
  return html + "</table></figure>\n";
}

}  // namespace

std::string RenderReport(const Report& report) {
  std::string html =
      StrCat("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>",
             EscapeHtml(report.title), "</title>\n<style>", kStyle, "</style></head>\n<body>\n<h1>",
             EscapeHtml(report.title), "</h1>\n", FactsTable(report));
  for (const std::string& warning : report.warnings) {
    html += StrCat("<p class=\"warning\">", EscapeHtml(warning), "</p>\n");
  }
  html += Measures(report.measures);
  if (!report.charts.empty()) html += "<h2>Curves</h2>\n";
  for (const Chart& chart : report.charts) html += RenderChart(chart);
  if (!report.confusions.empty()) html += "<h2>Confusion</h2>\n";
  for (const ConfusionTable& table : report.confusions) html += Confusion(table);
  if (!report.samples.empty()) html += "<h2>Samples</h2>\n";
  for (const auto& [heading, text] : report.samples) {
    html += StrCat("<p>", EscapeHtml(heading), "</p>\n<pre>", EscapeHtml(text), "</pre>\n");
  }
  if (!report.config.empty()) {
    html += StrCat("<h2>Configuration</h2>\n<pre>", EscapeHtml(report.config), "</pre>\n");
  }
  return html + "</body></html>\n";
}

}  // namespace sequent
