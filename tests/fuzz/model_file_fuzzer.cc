// Bytes to a model that runs: container, checksums, configuration, tensors, codecs, packing, a
// step.
//
// Two checksums keep plain mutations at the door. So most mutations here take a file apart, spoil
// one part of it, and put it together again with the checksums that its new content has: what is
// behind the door meets the damage. The others work on the bytes as they are.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "core/model/config_json.h"
#include "core/model/model_file.h"
#include "core/model/safetensors.h"
#include "tests/fuzz/config_mutator.h"
#include "tests/fuzz/dice.h"
#include "tests/fuzz/state_row_seed.h"
#include "tests/support/model_bytes.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace sequent {
namespace {

// A small file may describe a model whose state is large (differences with long lags); running it
// would only be slow.
constexpr size_t kMaxStateBytes = 1 << 20;

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckRefusal(const Status& status) {
  Require(absl::IsInvalidArgument(status) || absl::IsDataLoss(status));
  Require(!Message(status).empty() && Message(status).size() < 2000);
}

// What was read can be written and read again.
void CheckRoundTrip(const ModelContents& contents) {
  const auto bytes = SerializeModel(contents);
  Require(bytes.ok());
  const auto again = ParseModelFile(*bytes);
  Require(again.ok() && again->tensors.size() == contents.tensors.size());
}

void CheckRuns(const Model& model) {
  if (model.state_size() > kMaxStateBytes) return;
  AlignedVector<std::byte> row(model.state_size());
  model.InitState(row.data());
  Require(model.ValidateState(row.data()).ok());
  RunOneStep(model, row.data());
}

std::string Mutated(std::string text, size_t max_size) {
  const size_t size = text.size();
  text.resize(std::max(size, max_size));
  text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(text.data()), size, text.size()));
  return text;
}

void MutateShape(std::vector<size_t>* shape, Dice* dice) {
  if (shape->empty() || dice->Below(4) == 0) {
    shape->insert(shape->begin() + dice->Below(shape->size() + 1), dice->Below(5));
    return;
  }
  size_t& extent = (*shape)[dice->Below(shape->size())];
  const size_t choices[] = {0, 1, extent + 1, extent - 1, extent * 2, ~size_t{0}, 65536};
  extent = dice->OneOf(choices);
}

void MutateTensors(ModelBytes* parts, size_t max_size, Dice* dice) {
  if (parts->tensors.empty()) return;
  StoredTensor& tensor = parts->tensors[dice->Below(parts->tensors.size())];
  switch (dice->Below(4)) {
    case 0:
      tensor.name = Mutated(tensor.name, std::min<size_t>(100, max_size));
      break;
    case 1:
      MutateShape(&tensor.shape, dice);
      break;
    case 2:
      std::swap(tensor.shape, parts->tensors[dice->Below(parts->tensors.size())].shape);
      break;
    default:
      parts->tensors.pop_back();
      break;
  }
}

// Another configuration and, if it still describes a model, the tensors that go with it.
void Reconfigure(ModelBytes* parts, Dice* dice) {
  std::string& json = parts->metadata["sequent.config"];
  auto config = ConfigFromJson(json);
  if (!config.ok()) return;
  MutateConfig(&*config, dice);
  const auto mutated = ConfigToJson(*config);
  if (!mutated.ok()) return;
  json = *mutated;
  FitTensors(*config, parts);
}

void MutateOnePart(ModelBytes* parts, size_t max_size, Dice* dice) {
  switch (dice->Below(8)) {
    case 0:
      parts->metadata["sequent.training"] = Mutated(parts->metadata["sequent.training"], 64);
      break;
    case 1:
      parts->data = Mutated(parts->data, max_size);
      break;
    case 2:
      MutateTensors(parts, max_size, dice);
      break;
    case 3:
      parts->metadata["sequent.config"] = Mutated(parts->metadata["sequent.config"], max_size);
      break;
    default:
      Reconfigure(parts, dice);
      break;
  }
}

// The file put together again, its checksums right; "" if no header can say it.
std::string Sealed(ModelBytes parts) {
  parts.Seal();
  const auto prefix = SafetensorsPrefix(parts.metadata, parts.tensors);
  return prefix.ok() ? *prefix + parts.data : "";
}

}  // namespace
}  // namespace sequent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequent;
  auto contents = ParseModelFile({reinterpret_cast<const char*>(data), size});
  if (!contents.ok()) {
    CheckRefusal(contents.status());
    return 0;
  }
  CheckRoundTrip(*contents);
  const auto model = Model::Create(*std::move(contents));
  if (!model.ok()) {
    CheckRefusal(model.status());
  } else {
    CheckRuns(**model);
  }
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  using namespace sequent;
  Dice dice(seed);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file = ParseSafetensors(bytes);
  if (!file.ok() || dice.Below(5) == 0) return LLVMFuzzerMutate(data, size, max_size);
  ModelBytes parts{file->metadata, file->tensors, std::string(file->data)};
  MutateOnePart(&parts, max_size - size + 64, &dice);
  const std::string sealed = Sealed(std::move(parts));
  if (sealed.empty() || sealed.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, sealed.data(), sealed.size());
  return sealed.size();
}
