#include "core/train/same_run.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/message_differencer.h>

#include <string_view>
#include <vector>

#include "core/base/hash.h"

namespace sequent::train {
namespace {

v1::TrainConfig Comparable(v1::TrainConfig config) {
  v1::TrainOptions* train = config.mutable_train();
  train->clear_epochs();
  train->clear_max_updates();
  train->clear_max_time();
  train->clear_threads();
  train->mutable_early_stopping()->clear_patience();
  train->clear_checkpoint();
  config.clear_output();
  config.clear_tune();
  config.clear_cv();
  return config;
}

// A line of protobuf's report, "modified: a.b: 1 -> 2", for people: "a.b: 1 -> 2".
std::string Readable(std::string_view line) {
  const size_t end_of_verb = line.find(": ");
  if (end_of_verb == line.npos) return std::string(line);
  const std::string_view verb = line.substr(0, end_of_verb);
  const std::string_view rest = line.substr(end_of_verb + 2);
  const size_t end_of_key = rest.find(": ");
  if (end_of_key == rest.npos || (verb != "added" && verb != "deleted")) return std::string(rest);
  const std::string key(rest.substr(0, end_of_key)), value(rest.substr(end_of_key + 2));
  return verb == "added" ? StrCat(key, ": nothing -> ", value)
                         : StrCat(key, ": ", value, " -> nothing");
}

// Learned bytes are longer than anybody reads.
std::string Cut(std::string line) {
  constexpr size_t kMost = 300;
  return line.size() <= kMost ? line : line.substr(0, kMost) + "...";
}

// What differs, "" if nothing does; long lists and values are cut.
std::string Differences(const google::protobuf::Message& then,
                        const google::protobuf::Message& now) {
  constexpr size_t kShown = 8;
  std::string report, text;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&report);
  if (differencer.Compare(then, now)) return "";
  size_t count = 0;
  for (size_t begin = 0, end; (end = report.find('\n', begin)) != report.npos; begin = end + 1) {
    if (++count > kShown) continue;
    text += StrCat(count > 1 ? "; " : "",
                   Cut(Readable(std::string_view(report).substr(begin, end - begin))));
  }
  return count > kShown ? StrCat(text, "; and ", count - kShown, " more") : text;
}

// Of a message in which maps have an order.
std::string FingerprintOf(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&out);
  }
  return Sha256Hex(std::vector<std::string_view>{bytes});
}

template <typename Vector>
std::string_view BytesOf(const Vector& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0])};
}

Status Refusal(const Checkpoint& checkpoint, const std::string& why) {
  return absl::FailedPreconditionError(
      StrCat("cannot resume from the checkpoint of update ", checkpoint.update, ": ", why));
}

}  // namespace

std::string Fingerprint(const TrainingData& data) {
  std::vector<std::string_view> parts = {BytesOf(data.stream.tokens), BytesOf(data.series.inputs)};
  for (const auto& targets : data.series.targets) parts.push_back(BytesOf(targets));
  parts.push_back(BytesOf(data.samples.tokens));
  parts.push_back(BytesOf(data.samples.begin));
  for (const auto& classes : data.samples.classes) parts.push_back(BytesOf(classes));
  for (const auto& targets : data.samples.targets) parts.push_back(BytesOf(targets));
  return Sha256Hex(parts);
}

std::vector<RunPart> RunParts(const v1::TrainConfig& config, const v1::ModelConfig& model,
                              const TensorMap* initial, const std::string& data_fingerprint) {
  v1::TrainConfig read = config;
  read.clear_output();
  read.mutable_data()->clear_path();
  std::vector<std::string_view> weights;
  if (initial != nullptr) {
    for (const auto& [name, tensor] : *initial) {
      weights.push_back(name);
      weights.push_back(BytesOf(tensor.values));
    }
  }
  return {{"data", data_fingerprint},
          {"configuration", FingerprintOf(read)},
          {"model", FingerprintOf(model)},
          {"initial weights", initial == nullptr ? "none" : Sha256Hex(weights)}};
}

Status CheckSameRun(const v1::TrainConfig& config, const v1::ModelConfig& model,
                    const std::string& data_fingerprint, const Checkpoint& checkpoint) {
  v1::TrainConfig then;
  v1::ModelConfig then_model;
  if (!then.ParseFromString(checkpoint.config) || !then_model.ParseFromString(checkpoint.model)) {
    return absl::DataLossError("checkpoint: its configuration cannot be read");
  }
  const std::string keys = Differences(Comparable(then), Comparable(config));
  if (!keys.empty()) return Refusal(checkpoint, StrCat("changed keys: ", keys));
  const std::string learned = Differences(then_model, model);
  if (!learned.empty()) {
    return Refusal(checkpoint, StrCat("the data has changed, and with it the model: ", learned));
  }
  if (checkpoint.data != data_fingerprint) return Refusal(checkpoint, "the data has changed");
  return absl::OkStatus();
}

}  // namespace sequent::train
