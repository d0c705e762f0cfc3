// sequent-train prune: the same model with most of its weights exactly 0.
#include "core/train/prune.h"

#include <cmath>
#include <cstdio>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/model/graph.h"
#include "core/model/tensor_table.h"
#include "trainer/commands.h"
#include "trainer/json_text.h"
#include "trainer/model_data.h"
#include "trainer/rewrite.h"
#include "trainer/sparsity.h"

namespace sequent {
namespace {

StatusOr<v1::Prune> RuleOf(const PruneOptions& options) {
  v1::Prune prune;
  if (options.keep_largest.has_value() == options.zero_below.has_value()) {
    return absl::InvalidArgumentError(
        StrCat("expected one of --keep-largest and --zero-below, got ",
               options.keep_largest ? "both" : "neither"));
  }
  if (options.keep_largest) {
    prune.mutable_keep_largest()->set_fraction(*options.keep_largest);
    prune.mutable_keep_largest()->set_among(options.among);
  } else {
    prune.mutable_zero_below()->set_fraction(*options.zero_below);
  }
  SEQ_RETURN_IF_ERROR(train::ResolvePrune(&prune));
  return prune;
}

Status Apply(const v1::Prune& prune, ModelContents* contents) {
  SEQ_ASSIGN_OR_RETURN(const Graph graph, ResolveGraph(contents->config));
  std::vector<std::span<float>> tensors;
  for (const TensorSpec& spec : TensorTable(graph)) {
    if (train::IsPruned(spec)) tensors.emplace_back(contents->tensors.at(spec.name).values);
  }
  train::ApplyRule<float>(prune, 1, tensors);
  return absl::OkStatus();
}

// The measure that pruning is to cost little of, before and after.
struct Cost {
  std::string measure;
  double dense = 0, pruned = 0;
  double percent() const { return 100 * (pruned - dense) / std::fabs(dense); }
};

StatusOr<Cost> MeasureCost(const std::string& written, const PruneOptions& options) {
  ThreadPool pool(std::max(1u, std::thread::hardware_concurrency()));
  SEQ_ASSIGN_OR_RETURN(const ModelData data, LoadModelData({written}, options.data, options.part));
  SEQ_ASSIGN_OR_RETURN(const ModelList dense, LoadModels({options.model}, {}));
  SEQ_ASSIGN_OR_RETURN(const train::Measures after,
                       Score(data.models, data.dataset, data.part, &pool, data.score()));
  SEQ_ASSIGN_OR_RETURN(const train::Measures before,
                       Score(dense, data.dataset, data.part, &pool, data.score()));
  return Cost{"loss", before.at("loss"), after.at("loss")};
}

void PrintJson(const PruneOptions& options, const std::vector<TensorSparsity>& tensors,
               const std::vector<std::string>& written, const Cost* cost) {
  nlohmann::ordered_json json = {{"model", options.model}, {"written", written}};
  for (const TensorSparsity& one : tensors) {
    json["tensors"][one.name] = {
        {"weights", one.weights}, {"zeros", one.zeros}, {"sparsity", one.share()}};
  }
  if (cost != nullptr) {
    json[cost->measure] = {
        {"dense", cost->dense}, {"pruned", cost->pruned}, {"percent", cost->percent()}};
  }
  std::printf("%s\n", JsonText(json, 2).c_str());
}

}  // namespace

Status RunPrune(const PruneOptions& options) {
  SEQ_ASSIGN_OR_RETURN(const v1::Prune prune, RuleOf(options));
  SEQ_RETURN_IF_ERROR(CheckOutput(options.out, options.publish));
  SEQ_ASSIGN_OR_RETURN(ModelContents contents, ReadExactModel(options.model));
  SEQ_RETURN_IF_ERROR(Apply(prune, &contents));
  const bool largest = prune.has_keep_largest();
  const double fraction = largest ? prune.keep_largest().fraction() : prune.zero_below().fraction();
  contents.training = WithNote(contents, "pruned",
                               {{"rule", largest ? "keep_largest" : "zero_below"},
                                {"fraction", StrCat(fraction)},
                                {"among", largest ? prune.keep_largest().among() : "tensor"},
                                {"from", contents.fingerprint}});
  SEQ_ASSIGN_OR_RETURN(const auto tensors, CountZeros(contents.config, contents.tensors));
  SEQ_ASSIGN_OR_RETURN(const auto written, WriteRewritten(contents, options.out, options.publish));
  if (!options.json) std::printf("%s", DescribeSparsity(tensors).c_str());
  for (const std::string& path : written) std::fprintf(stderr, "wrote %s\n", path.c_str());
  std::optional<Cost> cost;
  if (!options.data.empty()) {
    SEQ_ASSIGN_OR_RETURN(cost, MeasureCost(written[0], options));
    if (!options.json) {
      std::printf("  %-24s %.6g dense, %.6g pruned: %+.3f %%\n", cost->measure.c_str(), cost->dense,
                  cost->pruned, cost->percent());
    }
  }
  if (options.json) PrintJson(options, tensors, written, cost ? &*cost : nullptr);
  return absl::OkStatus();
}

}  // namespace sequent
