// What goes into the report of a fit.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_REPORT_H_
#define SEQUENT_TRAINER_REPORT_H_

#include <string>
#include <vector>

#include "core/base/status.h"
#include "trainer/fit_job.h"
#include "trainer/report_page.h"
#include "trainer/training_record.h"

namespace sequent {

// Training and validation loss, learning rate and gradient norm out of metrics.jsonl. Lines that
// cannot be read are passed over.
std::vector<Chart> CurvesOf(const std::string& metrics_jsonl);

// The confusion of every softmax head whose measures have it: "confusion.<true>.<named>", after
// "<head>/" where there are several heads.
std::vector<ConfusionTable> ConfusionsOf(const v1::ModelConfig& model, const std::string& part,
                                         const train::Measures& measures);

MeasureTable TableOf(const TrainingRecord& record);

// Writes <run_dir>/report.html, from the run's metrics.jsonl and the best weights, and returns its
// path.
StatusOr<std::string> WriteReport(const Job& job, const train::FitResult& result,
                                  const TrainingRecord& record);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_REPORT_H_
