// Line charts as inline SVG, for report.html.
//
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_TRAINER_REPORT_CHART_H_
#define SEQUENT_TRAINER_REPORT_CHART_H_

#include <string>
#include <vector>

namespace sequent {

struct ChartLine {
  std::string name;
  std::vector<double> x, y;  // x increases; y that is not finite is a gap
  bool dots = false;         // a dot at every point, too
};

// What lies between two lines over the same x.
struct ChartBand {
  std::string name;
  std::vector<double> x, low, high;
};

struct Chart {
  std::string title;
  std::string x_name;
  std::vector<ChartLine> lines = {};
  std::vector<ChartBand> bands = {};
  bool log_y = false;  // values that are not positive are gaps
};

// A <figure> with caption, axes, grid and legend. Lines with more points than can be told apart are
// thinned to the least and greatest of each column of pixels' width.
std::string RenderChart(const Chart& chart);

// For text between tags and in attributes; what is not UTF-8 is replaced.
std::string EscapeHtml(const std::string& text);

// About `count` round numbers from low to high, 2 count at most: 1, 2 or 5 times a power of ten
// apart.
std::vector<double> RoundTicks(double low, double high, int count);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_REPORT_CHART_H_
