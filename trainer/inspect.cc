#include <cstdio>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/model/assets.h"
#include "core/model/config_json.h"
#include "core/model/graph.h"
#include "core/model/model_file.h"
#include "core/model/stored_tensors.h"
#include "core/model/tensor_table.h"
#include "trainer/commands.h"
#include "trainer/json_text.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

std::string ShapeText(const std::vector<size_t>& shape) {
  std::string text;
  for (const size_t n : shape) text += StrCat(text.empty() ? "" : " x ", n);
  return text;
}

size_t Parameters(const ModelContents& contents) {
  size_t sum = 0;
  for (const auto& [name, tensor] : contents.tensors) sum += tensor.values.size();
  return sum;
}

Precision PrecisionOf(const ModelContents& contents) {
  const auto graph = ResolveGraph(contents.config);
  return graph.ok() ? StoredPrecision(TensorTable(*graph), contents.tensors) : Precision::kFp32;
}

// A vocabulary is as long as the rest together: its size tells enough.
v1::ModelConfig Shortened(v1::ModelConfig config) {
  for (v1::Input& input : *config.mutable_inputs()) {
    if (!input.has_tokens()) continue;
    input.mutable_tokens()->set_size(static_cast<uint32_t>(
        std::max<int>(input.tokens().vocabulary_size(), static_cast<int>(input.tokens().size()))));
    input.mutable_tokens()->clear_vocabulary();
  }
  return WithoutAssetData(std::move(config));
}

Status PrintJson(const ModelContents& contents, uintmax_t bytes) {
  SEQ_ASSIGN_OR_RETURN(const std::string config, ConfigToJson(WithoutAssetData(contents.config)));
  nlohmann::ordered_json json = {{"fingerprint", contents.fingerprint},
                                 {"bytes", bytes},
                                 {"parameters", Parameters(contents)},
                                 {"precision", PrecisionName(PrecisionOf(contents))},
                                 {"config", nlohmann::ordered_json::parse(config, nullptr, false)}};
  for (const auto& [name, tensor] : contents.tensors) json["tensors"][name] = tensor.shape;
  for (const auto& [name, tensor] : contents.tensors) {
    json["dtypes"][name] = DtypeName(tensor.stored);
  }
  for (const auto& [name, asset] : AssetsOf(contents.config)) {
    json["tensors"][AssetTensorName(name)] = {asset.size()};
    json["dtypes"][AssetTensorName(name)] = "U8";
  }
  json["training"] = nlohmann::ordered_json::parse(contents.training, nullptr, false);
  if (json["training"].is_discarded()) json["training"] = contents.training;
  std::printf("%s\n", JsonText(json, 2).c_str());
  return absl::OkStatus();
}

void PrintTables(const ModelContents& contents, uintmax_t bytes) {
  std::printf("fingerprint  %s\nbytes        %ju\nparameters   %zu\nprecision    %s\n\n",
              contents.fingerprint.c_str(), bytes, Parameters(contents),
              PrecisionName(PrecisionOf(contents)));
  std::printf("%s\n", WriteYaml(Shortened(contents.config)).c_str());
  std::printf("%-32s %6s %16s %12s\n", "tensor", "dtype", "shape", "values");
  const auto print = [](const std::string& name, const char* dtype,
                        const std::vector<size_t>& shape, size_t values) {
    std::printf("%-32s %6s %16s %12zu\n", name.c_str(), dtype, ShapeText(shape).c_str(), values);
  };
  for (const auto& [name, tensor] : contents.tensors) {
    print(name, DtypeName(tensor.stored), tensor.shape, tensor.values.size());
  }
  for (const auto& [name, asset] : AssetsOf(contents.config)) {
    print(AssetTensorName(name), "U8", {asset.size()}, asset.size());
  }
  const auto training = nlohmann::ordered_json::parse(contents.training, nullptr, false);
  if (!training.is_discarded()) std::printf("\ntraining: %s\n", JsonText(training, 2).c_str());
}

}  // namespace

Status RunInspect(const InspectOptions& options) {
  const auto contents = ReadModelFile(options.model);
  if (!contents.ok()) {
    return absl::DataLossError(StrCat(options.model, ": ", contents.status().message()));
  }
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(options.model, error);
  if (options.json) return PrintJson(*contents, bytes);
  PrintTables(*contents, bytes);
  return absl::OkStatus();
}

int ExitCode(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return 2;
    case absl::StatusCode::kDataLoss:
      return 3;
    case absl::StatusCode::kOutOfRange:
      return 4;
    default:
      return 1;
  }
}

}  // namespace sequent
