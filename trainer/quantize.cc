// sequent-train quantize: the same model with smaller weights.
#include "core/model/quantize.h"

#include <cmath>
#include <cstdio>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/model/graph.h"
#include "core/model/model_file.h"
#include "core/model/stored_tensors.h"
#include "trainer/commands.h"
#include "trainer/json_text.h"
#include "trainer/model_data.h"
#include "trainer/precision_cost.h"
#include "trainer/rewrite.h"

namespace sequent {
namespace {

struct TensorCost {
  std::string name, dtype;
  size_t bytes_before = 0, bytes = 0;
  double relative_error = 0;  // root of the sum of squares, over that of the weights
  double largest_error = 0;
};

size_t StoredBytes(const Tensor& tensor) {
  const size_t each = tensor.stored == Precision::kFp32   ? 4
                      : tensor.stored == Precision::kBf16 ? 2
                                                          : 1;
  return tensor.values.size() * each + tensor.scales.size() * sizeof(float);
}

TensorCost CostOf(const std::string& name, const Tensor& before, const Tensor& after) {
  TensorCost cost{name, DtypeName(after.stored), StoredBytes(before), StoredBytes(after)};
  double squares = 0, errors = 0;
  for (size_t i = 0; i < before.values.size(); ++i) {
    const double error = double{after.values[i]} - before.values[i];
    squares += double{before.values[i]} * before.values[i];
    errors += error * error;
    cost.largest_error = std::max(cost.largest_error, std::fabs(error));
  }
  cost.relative_error = squares > 0 ? std::sqrt(errors / squares) : 0;
  return cost;
}

StatusOr<std::vector<TensorCost>> Round(ModelContents* contents, Precision precision) {
  SEQ_ASSIGN_OR_RETURN(const Graph graph, ResolveGraph(contents->config));
  const TensorMap before = contents->tensors;
  RoundTensors(TensorTable(graph), precision, &contents->tensors);
  std::vector<TensorCost> costs;
  for (const auto& [name, tensor] : contents->tensors) {
    costs.push_back(CostOf(name, before.at(name), tensor));
  }
  return costs;
}

StatusOr<PrecisionCost> MeasureCost(const std::string& written, const QuantizeOptions& options) {
  SEQ_ASSIGN_OR_RETURN(const ModelData data, LoadModelData({written}, options.data, options.part));
  ThreadPool pool(std::max(1u, std::thread::hardware_concurrency()));
  SEQ_ASSIGN_OR_RETURN(const train::Measures measures,
                       Score(data.models, data.dataset, data.part, &pool, data.score()));
  return MeasurePrecisionCost({options.model}, data, measures, &pool);
}

void PrintTensors(const std::vector<TensorCost>& costs) {
  std::printf("%-32s %6s %12s %12s %12s %12s\n", "tensor", "dtype", "bytes before", "bytes",
              "rel. error", "largest");
  size_t before = 0, after = 0;
  for (const TensorCost& cost : costs) {
    std::printf("%-32s %6s %12zu %12zu %12.3g %12.3g\n", cost.name.c_str(), cost.dtype.c_str(),
                cost.bytes_before, cost.bytes, cost.relative_error, cost.largest_error);
    before += cost.bytes_before;
    after += cost.bytes;
  }
  std::printf("%-32s %6s %12zu %12zu   %.1f %%\n", "all", "", before, after,
              100.0 * static_cast<double>(after) / static_cast<double>(before));
}

void PrintJson(const QuantizeOptions& options, const std::vector<TensorCost>& costs,
               const std::vector<std::string>& written, const PrecisionCost* loss) {
  nlohmann::ordered_json json = {{"model", options.model},
                                 {"precision", PrecisionName(options.precision)},
                                 {"written", written}};
  for (const TensorCost& cost : costs) {
    json["tensors"][cost.name] = {{"dtype", cost.dtype},
                                  {"bytes_before", cost.bytes_before},
                                  {"bytes", cost.bytes},
                                  {"relative_error", cost.relative_error},
                                  {"largest_error", cost.largest_error}};
  }
  if (loss != nullptr) {
    json[loss->measure] = {
        {"fp32", loss->fp32}, {"rounded", loss->rounded}, {"percent", loss->percent()}};
  }
  std::printf("%s\n", JsonText(json, 2).c_str());
}

}  // namespace

Status RunQuantize(const QuantizeOptions& options) {
  if (options.precision == Precision::kFp32) {
    return absl::InvalidArgumentError("--precision: expected bf16 or int8, got 'fp32'");
  }
  SEQ_RETURN_IF_ERROR(CheckOutput(options.out, options.publish));
  SEQ_ASSIGN_OR_RETURN(ModelContents contents, ReadExactModel(options.model));
  SEQ_ASSIGN_OR_RETURN(const auto costs, Round(&contents, options.precision));
  contents.training =
      WithNote(contents, "quantized",
               {{"precision", PrecisionName(options.precision)}, {"from", contents.fingerprint}});
  SEQ_ASSIGN_OR_RETURN(const auto written, WriteRewritten(contents, options.out, options.publish));
  if (!options.json) PrintTensors(costs);
  for (const std::string& path : written) std::fprintf(stderr, "wrote %s\n", path.c_str());
  std::optional<PrecisionCost> loss;
  if (!options.data.empty()) {
    SEQ_ASSIGN_OR_RETURN(loss, MeasureCost(written[0], options));
    if (!options.json) std::printf("%s", DescribePrecisionCost(*loss, options.precision).c_str());
  }
  if (options.json) PrintJson(options, costs, written, loss ? &*loss : nullptr);
  return absl::OkStatus();
}

}  // namespace sequent
