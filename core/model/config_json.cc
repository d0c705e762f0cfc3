#include "core/model/config_json.h"

#include <google/protobuf/util/json_util.h>

#include "core/base/error.h"
#include "core/model/strict_json.h"

namespace sequent {

StatusOr<std::string> ConfigToJson(const v1::ModelConfig& config) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(config, &json, options);
  if (!status.ok()) return absl::InvalidArgumentError(Quoted(status.ToString(), 200));
  return json;
}

// Protobuf's reader takes the last of two equal keys, so those are looked for first.
StatusOr<v1::ModelConfig> ConfigFromJson(std::string_view json) {
  SEQ_RETURN_IF_ERROR(CheckStrictJson(json));
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  v1::ModelConfig config;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &config, options);
  if (!status.ok()) return absl::InvalidArgumentError(Quoted(status.ToString(), 200));
  return config;
}

}  // namespace sequent
