#include <cstdio>
#include <thread>

#include <nlohmann/json.hpp>

#include "trainer/commands.h"
#include "trainer/model_data.h"

namespace sequent {

Status RunEvaluate(const EvaluateOptions& options) {
  SEQ_ASSIGN_OR_RETURN(const ModelData loaded,
                       LoadModelData(options.models, options.data, options.part));
  ThreadPool pool(options.threads > 0 ? options.threads
                                      : std::max(1u, std::thread::hardware_concurrency()));
  SEQ_ASSIGN_OR_RETURN(train::Measures measures,
                       Score(loaded.models, loaded.dataset, loaded.part, &pool));
  const TextCodec* codec = loaded.models[0]->text_codec();
  if (codec != nullptr && loaded.same_data) {
    measures["loss_unigram"] =
        UnigramLoss(*codec, loaded.dataset, loaded.record->parts.train, loaded.part);
  }
  if (options.json) {
    const nlohmann::ordered_json line = {{"part", loaded.part_name},
                                         {"rows", {loaded.part.begin, loaded.part.end}},
                                         {"models", options.models},
                                         {"same_data", loaded.same_data},
                                         {"measures", measures}};
    std::printf("%s\n", line.dump().c_str());
    return absl::OkStatus();
  }
  if (loaded.record && !loaded.same_data) {
    std::fprintf(stderr, "note: the data is not what the model was fitted on\n");
  }
  std::printf("%s", DescribeMeasures(loaded.part_name, measures).c_str());
  return absl::OkStatus();
}

}  // namespace sequent
