#include <cstdio>
#include <optional>
#include <thread>

#include <nlohmann/json.hpp>

#include "trainer/commands.h"
#include "trainer/json_text.h"
#include "trainer/label_report.h"
#include "trainer/model_data.h"
#include "trainer/precision_cost.h"

namespace sequent {

Status RunEvaluate(const EvaluateOptions& options) {
  SEQ_ASSIGN_OR_RETURN(
      const ModelData loaded,
      LoadModelData(options.models, options.data, options.part, {.precision = options.precision}));
  ThreadPool pool(options.threads > 0 ? options.threads
                                      : std::max(1u, std::thread::hardware_concurrency()));
  SEQ_ASSIGN_OR_RETURN(train::Measures measures,
                       Score(loaded.models, loaded.dataset, loaded.part, &pool, loaded.score()));
  const TextCodec* codec = loaded.models[0]->text_codec();
  if (!loaded.dataset.sequences.empty() && loaded.same_data) {
    SEQ_RETURN_IF_ERROR(AddLabelBaselines(loaded.models[0]->config(), loaded.dataset,
                                          loaded.record->parts.train, loaded.part, &measures));
  } else if (codec != nullptr && loaded.same_data) {
    measures["loss_unigram"] =
        UnigramLoss(*codec, loaded.dataset, loaded.record->parts.train, loaded.part);
  }
  std::optional<PrecisionCost> cost;
  if (options.precision) {
    SEQ_ASSIGN_OR_RETURN(cost, MeasurePrecisionCost(options.models, loaded, measures, &pool));
  }
  if (options.json) {
    nlohmann::ordered_json line = {{"part", loaded.part_name},
                                   {"rows", {loaded.part.begin, loaded.part.end}},
                                   {"models", options.models},
                                   {"same_data", loaded.same_data},
                                   {"measures", measures}};
    if (cost) {
      line["precision"] = PrecisionName(*options.precision);
      line[cost->measure + "_fp32"] = cost->fp32;
      line[cost->measure + "_change_percent"] = cost->percent();
    }
    std::printf("%s\n", JsonText(line).c_str());
    return absl::OkStatus();
  }
  if (loaded.record && !loaded.same_data) {
    std::fprintf(stderr, "note: the data is not what the model was fitted on\n");
  }
  std::printf("%s", DescribeMeasures(loaded.part_name, measures).c_str());
  if (cost) std::printf("%s", DescribePrecisionCost(*cost, *options.precision).c_str());
  return absl::OkStatus();
}

}  // namespace sequent
