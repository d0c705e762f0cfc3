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
#include "trainer/model_data.h"
#include "trainer/precision_cost.h"
#include "trainer/publish.h"

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

// The record of the training, with what was done to the weights since.
std::string WithQuantization(const ModelContents& contents, Precision precision) {
  auto json = nlohmann::ordered_json::parse(contents.training, nullptr, false);
  if (!json.is_object()) return contents.training;
  json["quantized"] = {{"precision", PrecisionName(precision)}, {"from", contents.fingerprint}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

StatusOr<ModelContents> ReadExactModel(const std::string& path) {
  auto contents = ReadModelFile(path);
  if (!contents.ok()) {
    return absl::DataLossError(StrCat(path, ": ", contents.status().message()));
  }
  SEQ_ASSIGN_OR_RETURN(const Graph graph, ResolveGraph(contents->config));
  const Precision stored = StoredPrecision(TensorTable(graph), contents->tensors);
  if (stored == Precision::kFp32) return contents;
  return absl::InvalidArgumentError(StrCat(path, ": expected a model in fp32, got one in ",
                                           PrecisionName(stored),
                                           "; round the one it was made from"));
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

// The files it was written to.
StatusOr<std::vector<std::string>> Write(const ModelContents& contents,
                                         const QuantizeOptions& options) {
  std::vector<std::string> paths;
  if (!options.out.empty()) {
    SEQ_RETURN_IF_ERROR(WriteModelFile(options.out, contents));
    paths.push_back(options.out);
  }
  if (!options.publish.empty()) {
    SEQ_ASSIGN_OR_RETURN(std::string path, Publish(options.publish, contents));
    paths.push_back(std::move(path));
  }
  return paths;
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
  std::printf("%s\n", json.dump(2).c_str());
}

}  // namespace

Status RunQuantize(const QuantizeOptions& options) {
  if (options.precision == Precision::kFp32) {
    return absl::InvalidArgumentError("--precision: expected bf16 or int8, got 'fp32'");
  }
  if (options.out.empty() && options.publish.empty()) {
    return absl::InvalidArgumentError("expected --out or --publish, got neither");
  }
  SEQ_ASSIGN_OR_RETURN(ModelContents contents, ReadExactModel(options.model));
  SEQ_ASSIGN_OR_RETURN(const auto costs, Round(&contents, options.precision));
  contents.training = WithQuantization(contents, options.precision);
  SEQ_ASSIGN_OR_RETURN(const auto written, Write(contents, options));
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
