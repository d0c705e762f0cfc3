#include "core/model/model_file.h"

#include <array>
#include <cstdio>
#include <map>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/model/assets.h"
#include "core/model/config_check.h"
#include "core/model/config_json.h"
#include "core/model/graph.h"
#include "core/model/input_check.h"
#include "core/model/safetensors.h"
#include "core/model/stored_tensors.h"
#include "core/model/tensor_table.h"
#include "core/model/utf8.h"

namespace sequent {
namespace {

constexpr char kFormatKey[] = "sequent.format";
constexpr char kConfigKey[] = "sequent.config";
constexpr char kDataCrcKey[] = "sequent.crc32c";
constexpr char kHeaderCrcKey[] = "sequent.header_crc32c";
constexpr char kTrainingKey[] = "sequent.training";
constexpr char kFormat[] = "1";

std::string Hex32(uint32_t value) {
  std::array<char, 9> text;
  std::snprintf(text.data(), text.size(), "%08x", value);
  return text.data();
}

// The same error, with the place put in front.
Status At(std::string_view place, const Status& status) {
  if (status.ok()) return status;
  return Status(status.code(), StrCat(ToAbsl(place), ": ", status.message()));
}

StatusOr<std::string_view> Required(const Safetensors& file, const char* key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) {
    return Expected("__metadata__", StrCat("a key '", key, "'"), "none");
  }
  return found->second;
}

Status CheckFormat(const Safetensors& file) {
  SEQ_ASSIGN_OR_RETURN(const std::string_view format, Required(file, kFormatKey));
  if (format == kFormat) return absl::OkStatus();
  return Expected(kFormatKey, StrCat("'", kFormat, "'"), StrCat("'", Quoted(format), "'"));
}

Status CheckCrc(const Safetensors& file, const char* key, uint32_t computed) {
  SEQ_ASSIGN_OR_RETURN(const std::string_view stored, Required(file, key));
  const std::string wanted = Hex32(computed);
  if (stored == wanted) return absl::OkStatus();
  return absl::DataLossError(StrCat(key, ": the file says '", Quoted(stored),
                                    "', its content has '", wanted, "': the file is damaged"));
}

// Quoted by tools and logs, hence text; without control characters there is one way to write it, so
// that any changed bit changes its meaning.
Status CheckTraining(std::string_view training) {
  if (!IsUtf8(training)) return Expected(kTrainingKey, "UTF-8", "other bytes");
  for (const char c : training) {
    if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' || c == '\r') continue;
    return Expected(kTrainingKey, "text without control characters",
                    Quoted(std::string_view(&c, 1)));
  }
  return absl::OkStatus();
}

// Everything a configuration must be before tensors can be looked at.
StatusOr<Graph> CheckConfig(const v1::ModelConfig& config) {
  SEQ_ASSIGN_OR_RETURN(Graph graph, ResolveGraph(config));
  SEQ_RETURN_IF_ERROR(CheckLearnedInputs(config));
  return graph;
}

}  // namespace

StatusOr<ModelContents> ParseModelFile(std::string_view bytes) {
  SEQ_ASSIGN_OR_RETURN(const Safetensors file, ParseSafetensors(bytes));
  SEQ_RETURN_IF_ERROR(CheckFormat(file));
  SEQ_RETURN_IF_ERROR(
      CheckCrc(file, kHeaderCrcKey, HeaderCrc32c(file.metadata, file.tensors, kHeaderCrcKey)));
  SEQ_RETURN_IF_ERROR(CheckCrc(file, kDataCrcKey, Crc32c(file.data)));

  SEQ_ASSIGN_OR_RETURN(const std::string_view json, Required(file, kConfigKey));
  auto config = ConfigFromJson(json);
  if (!config.ok()) return At(kConfigKey, config.status());
  SEQ_RETURN_IF_ERROR(TakeAssets(file, &*config));
  const auto graph = CheckConfig(*config);
  if (!graph.ok()) return At(kConfigKey, graph.status());

  ModelContents contents;
  SEQ_ASSIGN_OR_RETURN(contents.tensors, DecodeTensors(file));
  SEQ_RETURN_IF_ERROR(CheckTensors(TensorTable(*graph), contents.tensors));
  if (const auto training = file.metadata.find(kTrainingKey); training != file.metadata.end()) {
    contents.training = training->second;
    SEQ_RETURN_IF_ERROR(CheckTraining(contents.training));
  }
  contents.config = *std::move(config);
  contents.fingerprint = Sha256Hex(std::array{json, file.data});
  return contents;
}

StatusOr<ModelContents> ReadModelFile(const std::string& path) {
  SEQ_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  StatusOr<ModelContents> contents = ParseModelFile(file.bytes());
  if (!contents.ok()) return At(path, contents.status());
  return contents;
}

StatusOr<std::string> SerializeModel(const ModelContents& contents) {
  SEQ_ASSIGN_OR_RETURN(const Graph graph, CheckConfig(contents.config));
  SEQ_RETURN_IF_ERROR(CheckTensors(TensorTable(graph), contents.tensors));
  SEQ_RETURN_IF_ERROR(CheckTraining(contents.training));

  const auto [layout, data] = EncodeTensors(contents.tensors, AssetsOf(contents.config));
  std::map<std::string, std::string> metadata;
  metadata.emplace(kFormatKey, kFormat);
  SEQ_ASSIGN_OR_RETURN(metadata[kConfigKey], ConfigToJson(WithoutAssetData(contents.config)));
  metadata[kDataCrcKey] = Hex32(Crc32c(data));
  if (!contents.training.empty()) metadata[kTrainingKey] = contents.training;
  metadata[kHeaderCrcKey] = Hex32(HeaderCrc32c(metadata, layout, kHeaderCrcKey));
  SEQ_ASSIGN_OR_RETURN(std::string bytes, SafetensorsPrefix(metadata, layout));
  return bytes + data;
}

Status WriteModelFile(const std::string& path, const ModelContents& contents) {
  SEQ_ASSIGN_OR_RETURN(const std::string bytes, SerializeModel(contents));
  return WriteFileAtomically(path, bytes);
}

}  // namespace sequent
