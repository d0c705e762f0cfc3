#include "trainer/report_chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/base/status.h"
#include "core/model/utf8.h"

namespace sequent {
namespace {

// Of the drawing, in its own units; the page scales it.
constexpr double kWidth = 760, kHeight = 300, kLeft = 64, kRight = 12, kTop = 12, kBottom = 40;
constexpr size_t kColumns = 700;
constexpr int kColours = 6;  // classes c0 .. c5 of the page's style

std::string Text(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.4g", value);
  return text;
}

std::string At(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", value);
  return text;
}

// One axis: from values to the drawing.
struct Axis {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  double begin = 0, end = 1;  // of the drawing
  bool log = false;

  bool Has(double value) const { return std::isfinite(value) && (!log || value > 0); }
  void Take(double value) {
    if (!Has(value)) return;
    const double at = log ? std::log10(value) : value;
    low = std::min(low, at);
    high = std::max(high, at);
  }
  void Finish() {
    if (!(low <= high)) low = 0, high = 1;
    // Nothing can be told apart within a few steps of a double.
    const double size = std::max(std::abs(low), std::abs(high));
    if (low == high || high - low < 1e-12 * size) {
      const double room = size == 0 ? 1 : size * 0.1;
      low -= room;
      high += room;
    }
  }
  double Place(double value) const {
    const double at = log ? std::log10(value) : value;
    return begin + (at - low) / (high - low) * (end - begin);
  }
  std::vector<double> Ticks() const {
    if (!log) return RoundTicks(low, high, 6);
    std::vector<double> ticks;
    for (int power = static_cast<int>(std::floor(low)); power <= std::ceil(high); ++power) {
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * std::pow(10, power);
        if (std::log10(value) >= low && std::log10(value) <= high) ticks.push_back(value);
      }
    }
    return ticks.size() > 1 ? ticks : std::vector<double>{std::pow(10, low), std::pow(10, high)};
  }
};

// The points that can be told apart: of each column the least and the greatest, in their order.
std::vector<size_t> Thinned(const std::vector<double>& y) {
  std::vector<size_t> kept;
  if (y.size() <= 2 * kColumns) {
    for (size_t i = 0; i < y.size(); ++i) kept.push_back(i);
    return kept;
  }
  for (size_t column = 0; column < kColumns; ++column) {
    const size_t begin = column * y.size() / kColumns, end = (column + 1) * y.size() / kColumns;
    size_t least = begin, greatest = begin;
    for (size_t i = begin; i < end; ++i) {
      if (y[i] < y[least]) least = i;
      if (y[i] > y[greatest]) greatest = i;
    }
    kept.push_back(std::min(least, greatest));
    if (least != greatest) kept.push_back(std::max(least, greatest));
  }
  return kept;
}

std::string LinePath(const ChartLine& line, const Axis& x, const Axis& y) {
  std::string path;
  bool gap = true;
  for (const size_t i : Thinned(line.y)) {
    if (!y.Has(line.y[i])) {
      gap = true;
      continue;
    }
    path += StrCat(gap ? "M" : "L", At(x.Place(line.x[i])), " ", At(y.Place(line.y[i])));
    gap = false;
  }
  return path;
}

std::string BandPath(const ChartBand& band, const Axis& x, const Axis& y) {
  std::string path;
  for (size_t i = 0; i < band.x.size(); ++i) {
    if (!y.Has(band.high[i])) continue;
    path +=
        StrCat(path.empty() ? "M" : "L", At(x.Place(band.x[i])), " ", At(y.Place(band.high[i])));
  }
  for (size_t i = band.x.size(); i-- > 0;) {
    if (y.Has(band.low[i])) {
      path += StrCat("L", At(x.Place(band.x[i])), " ", At(y.Place(band.low[i])));
    }
  }
  return path.empty() ? path : path + "Z";
}

std::string Grid(const Chart& chart, const Axis& x, const Axis& y) {
  std::string svg;
  for (const double tick : y.Ticks()) {
    const std::string at = At(y.Place(tick));
    svg += StrCat("<path class=\"grid\" d=\"M", At(kLeft), " ", at, "H", At(kWidth - kRight),
                  "\"/><text class=\"tick\" x=\"", At(kLeft - 6), "\" y=\"", at,
                  "\" text-anchor=\"end\" dominant-baseline=\"middle\">", Text(tick), "</text>");
  }
  for (const double tick : x.Ticks()) {
    svg += StrCat("<text class=\"tick\" x=\"", At(x.Place(tick)), "\" y=\"",
                  At(kHeight - kBottom + 16), "\" text-anchor=\"middle\">", Text(tick), "</text>");
  }
  return svg + StrCat("<text class=\"tick\" x=\"", At((kLeft + kWidth - kRight) / 2), "\" y=\"",
                      At(kHeight - 6), "\" text-anchor=\"middle\">", EscapeHtml(chart.x_name),
                      "</text>");
}

std::string Legend(const Chart& chart) {
  std::string html;
  for (size_t i = 0; i < chart.lines.size(); ++i) {
    html += StrCat("<span class=\"key k", i % kColours, "\">", EscapeHtml(chart.lines[i].name),
                   "</span>");
  }
  for (const ChartBand& band : chart.bands) {
    html += StrCat("<span class=\"key kband\">", EscapeHtml(band.name), "</span>");
  }
  return html;
}

}  // namespace

std::vector<double> RoundTicks(double low, double high, int count) {
  const double rough = (high - low) / std::max(1, count);
  if (!(rough > 0) || !std::isfinite(rough)) return {low};
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double digit = rough / power;
  const double step = power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
  // Of a range of few steps of a double the multiples are too large to be counted up.
  const double first = std::ceil(low / step - 1e-9);
  std::vector<double> ticks;
  for (int k = 0; k < 2 * std::max(1, count); ++k) {
    const double tick = (first + k) * step + 0.0;  // no -0
    if (!(tick <= high + step * 1e-9)) break;
    if (ticks.empty() || tick > ticks.back()) ticks.push_back(tick);
  }
  return ticks;
}

std::string EscapeHtml(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8Length(static_cast<uint8_t>(text[i]));
    const std::string_view piece = std::string_view(text).substr(i, std::max<size_t>(1, length));
    const bool control =
        length == 1 && static_cast<uint8_t>(text[i]) < 0x20 && text[i] != '\n' && text[i] != '\t';
    const bool good =
        length > 0 && piece.size() == length && (length == 1 || DecodeCodePoint(piece).has_value());
    i += good ? length : 1;
    if (!good || control) {
      out += "\xEF\xBF\xBD";
    } else if (piece == "&") {
      out += "&amp;";
    } else if (piece == "<") {
      out += "&lt;";
    } else if (piece == ">") {
      out += "&gt;";
    } else if (piece == "\"") {
      out += "&quot;";
    } else {
      out += piece;
    }
  }
  return out;
}

std::string RenderChart(const Chart& chart) {
  Axis x{.begin = kLeft, .end = kWidth - kRight};
  Axis y{.begin = kHeight - kBottom, .end = kTop, .log = chart.log_y};
  for (const ChartLine& line : chart.lines) {
    for (const double value : line.x) x.Take(value);
    for (const double value : line.y) y.Take(value);
  }
  for (const ChartBand& band : chart.bands) {
    for (const auto* values : {&band.low, &band.high}) {
      for (const double value : *values) y.Take(value);
    }
  }
  x.Finish();
  y.Finish();
  std::string svg =
      StrCat("<svg viewBox=\"0 0 ", kWidth, " ", kHeight, "\" role=\"img\" aria-label=\"",
             EscapeHtml(chart.title), "\">", Grid(chart, x, y));
  for (const ChartBand& band : chart.bands) {
    svg += StrCat("<path class=\"band\" d=\"", BandPath(band, x, y), "\"/>");
  }
  for (size_t i = 0; i < chart.lines.size(); ++i) {
    const ChartLine& line = chart.lines[i];
    svg += StrCat("<path class=\"line c", i % kColours, "\" d=\"", LinePath(line, x, y), "\"/>");
    for (size_t k = 0; line.dots && k < line.x.size(); ++k) {
      if (!y.Has(line.y[k])) continue;
      svg += StrCat("<circle class=\"f", i % kColours, "\" cx=\"", At(x.Place(line.x[k])),
                    "\" cy=\"", At(y.Place(line.y[k])), "\" r=\"2.5\"/>");
    }
  }
  return StrCat("<figure><figcaption>", EscapeHtml(chart.title), " ", Legend(chart),
                "</figcaption>", svg, "</svg></figure>\n");
}

}  // namespace sequent
