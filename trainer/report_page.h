// report.html: one file, no scripts, nothing from a network.
//
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_TRAINER_REPORT_PAGE_H_
#define SEQUENT_TRAINER_REPORT_PAGE_H_

#include <string>
#include <utility>
#include <vector>

#include "trainer/report_chart.h"

namespace sequent {

// Measures of the same names in several parts; NaN: not measured there.
struct MeasureTable {
  std::vector<std::string> parts;
  struct Row {
    std::string name;
    std::vector<double> values;
    bool baseline = false;  // of the naive forecast or guess, not of the model
  };
  std::vector<Row> rows;
};

// How often each true class was named which.
struct ConfusionTable {
  std::string title;
  std::vector<std::string> labels;
  std::vector<double> counts;  // [true, named]
};

struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> warnings;  // "the model does NOT beat ..."
  MeasureTable measures;
  std::vector<Chart> charts;
  std::vector<ConfusionTable> confusions;
  std::vector<std::pair<std::string, std::string>> samples;  // heading, text
  std::string config;                                        // YAML
};

std::string RenderReport(const Report& report);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_REPORT_PAGE_H_
