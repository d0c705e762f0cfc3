#include "tests/fuzz/config_mutator.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/model/graph.h"
#include "core/model/tensor_table.h"

namespace sequent {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr const char* kTexts[] = {"",
                                  "input",
                                  "a",
                                  "b",
                                  "layer",
                                  "next",
                                  "characters",
                                  "ids",
                                  "tanh",
                                  "sigmoid",
                                  "relu",
                                  "after",
                                  "leaky_relu",
                                  "before",
                                  "keep_old",
                                  "take_new",
                                  "point",
                                  "gaussian",
                                  "<unk>",
                                  "\u20ac",
                                  "forecast",
                                  "embedding",
                                  "lstm",
                                  "gru",
                                  "x.y",
                                  "language_model",
                                  "words",
                                  "list",
                                  "<pad>",
                                  "<eos>",
                                  "classify",
                                  "tag",
                                  "sentencepiece",
                                  "mean",
                                  "max",
                                  "last",
                                  "final_states",
                                  "positions",
                                  "attention",
                                  "backward",
                                  "bidirectional",
                                  "same",
                                  "valid",
                                  "causal"};
constexpr int32_t kIntegers[] = {0, 1, -1, 2, 7, -8, 65536, INT32_MAX, INT32_MIN};
constexpr uint32_t kCounts[] = {0, 1, 2, 3, 4, 7, 8, 16, 17, 64, 65536, 65537, 0xffffffff};
constexpr double kNumbers[] = {0,     1,      -1,     0.5, 1e-30,    1e30,
                               1e300, -1e300, 1e-300, NAN, INFINITY, -INFINITY};

void SetScalar(Message* message, const FieldDescriptor* field, Dice* dice) {
  const Reflection* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->SetString(message, field, dice->OneOf(kTexts));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->SetInt32(message, field, dice->OneOf(kIntegers));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->SetUInt32(message, field, dice->OneOf(kCounts));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->SetDouble(message, field, dice->OneOf(kNumbers));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection->SetFloat(message, field, static_cast<float>(dice->OneOf(kNumbers)));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(message, field, dice->Below(2) == 0);
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->SetEnumValue(message, field, static_cast<int>(dice->Below(4)));
    default:
      return;
  }
}

void AddScalar(Message* message, const FieldDescriptor* field, Dice* dice) {
  const Reflection* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->AddString(message, field, dice->OneOf(kTexts));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->AddInt32(message, field, dice->OneOf(kIntegers));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->AddUInt32(message, field, dice->OneOf(kCounts));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->AddDouble(message, field, dice->OneOf(kNumbers));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection->AddFloat(message, field, static_cast<float>(dice->OneOf(kNumbers)));
    default:
      return;
  }
}

void Mutate(Message* message, Dice* dice);

void MutateRepeated(Message* message, const FieldDescriptor* field, Dice* dice) {
  const Reflection* reflection = message->GetReflection();
  const int size = reflection->FieldSize(*message, field);
  const bool messages = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  const size_t action = size == 0 ? 0 : dice->Below(messages ? 8 : 3);
  const int at = size == 0 ? 0 : static_cast<int>(dice->Below(size));
  switch (action) {
    case 0:
      if (!messages) return AddScalar(message, field, dice);
      if (size == 0) return Mutate(reflection->AddMessage(message, field), dice);
      return reflection->AddMessage(message, field)
          ->CopyFrom(reflection->GetRepeatedMessage(*message, field, at));
    case 1:
      return reflection->RemoveLast(message, field);
    case 2:
      return reflection->SwapElements(message, field, at, size - 1);
    default:
      return Mutate(reflection->MutableRepeatedMessage(message, field, at), dice);
  }
}

void Mutate(Message* message, Dice* dice) {
  const auto* type = message->GetDescriptor();
  if (type->field_count() == 0) return;
  const FieldDescriptor* field = type->field(static_cast<int>(dice->Below(type->field_count())));
  const Reflection* reflection = message->GetReflection();
  if (field->is_repeated()) return MutateRepeated(message, field, dice);
  if (dice->Below(6) == 0) return reflection->ClearField(message, field);
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return SetScalar(message, field, dice);
  }
  Mutate(reflection->MutableMessage(message, field), dice);
}

}  // namespace

void MutateConfig(v1::ModelConfig* config, Dice* dice) {
  for (size_t changes = 1 + dice->Below(3); changes > 0; --changes) Mutate(config, dice);
}

void FitTensors(const v1::ModelConfig& config, ModelBytes* parts) {
  constexpr size_t kMaxFloats = 3000;
  const auto graph = ResolveGraph(config);
  if (!graph.ok()) return;
  std::vector<StoredTensor> tensors;
  std::vector<float> values;
  for (const TensorSpec& spec : TensorTable(*graph)) {
    const size_t begin = values.size() * sizeof(float);
    size_t floats = 1;
    for (const size_t extent : spec.shape) floats *= extent;
    if (floats > kMaxFloats - values.size()) return;
    values.resize(values.size() + floats, 0.25f);
    tensors.push_back({spec.name, "F32", spec.shape, begin, values.size() * sizeof(float)});
  }
  parts->tensors = std::move(tensors);
  parts->data.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

}  // namespace sequent
