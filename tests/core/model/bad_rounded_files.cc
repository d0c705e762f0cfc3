// Bad model files of bf16 and int8 weights.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

#include "core/model/quantize.h"
#include "core/model/stored_tensors.h"
#include "tests/core/model/bad_configs.h"
#include "tests/core/model/bad_files.h"
#include "tests/support/model_bytes.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

// A good model in another precision; `spoil_tensors` before they are stored, `spoil_bytes` after.
BadFile Spoiled(const std::string& name, Precision precision, const std::string& message,
                const std::function<void(TensorMap*)>& spoil_tensors,
                const std::function<void(ModelBytes*)>& spoil_bytes) {
  ModelContents contents = RandomModel(GoodTextConfig(), 7);
  ModelBytes bytes = ModelBytes::Of(contents);
  RoundTensors(TensorTable(ResolveGraph(contents.config).value()), precision, &contents.tensors);
  spoil_tensors(&contents.tensors);
  EncodedTensors encoded = EncodeTensors(contents.tensors);
  bytes.tensors = std::move(encoded.layout);
  bytes.data = std::move(encoded.data);
  spoil_bytes(&bytes);
  return {name, bytes.Build(), message};
}

BadFile BadInt8(const std::string& name, const std::string& message,
                const std::function<void(ModelBytes*)>& spoil) {
  return Spoiled(name, Precision::kInt8, message, [](TensorMap*) {}, spoil);
}

BadFile BadScale(const std::string& name, float value) {
  return BadInt8(
      name, "tensor 'next.weight_scale': expected scales that are 0 or normal numbers, got",
      [=](ModelBytes* b) {
        std::memcpy(b->data.data() + b->tensor("next.weight_scale")->begin + 4, &value, 4);
      });
}

BadFile BadMix(const std::string& tensor, Precision stored, Precision model,
               const std::string& message) {
  return Spoiled(
      StrCat(PrecisionName(model), "With", PrecisionName(stored), "In_",
             tensor.substr(0, tensor.find('.'))),
      model, StrCat("tensor '", tensor, "': ", message),
      [=](TensorMap* tensors) {
        tensors->at(tensor) = RandomModel(GoodTextConfig(), 7).tensors.at(tensor);
        tensors->at(tensor) = Rounded(tensors->at(tensor), stored);
      },
      [](ModelBytes*) {});
}

}  // namespace

std::vector<BadFile> BadRoundedFiles() {
  const std::string scales = "tensor 'next.weight_scale': expected ";
  return {
      BadInt8("Int8Of128",
              "tensor 'lstm.weight_state': expected values of -127 to 127, got -128 at index 4",
              [](ModelBytes* b) { b->data[b->tensor("lstm.weight_state")->begin + 4] = '\x80'; }),
      BadInt8("Int8WithoutScales",
              "tensor 'next.weight': expected its scales in 'next.weight_scale', got no such",
              [](ModelBytes* b) { b->tensor("next.weight_scale")->name = "next.weight_scales"; }),
      BadInt8("Int8ScalesOfAnotherShape", scales + "dtype F32 and shape [4], got another one",
              [](ModelBytes* b) { b->tensor("next.weight_scale")->shape = {2, 2}; }),
      BadInt8("Int8ScalesOfAnotherDtype", scales + "dtype F32 and shape [4], got another one",
              [](ModelBytes* b) { b->tensor("next.weight_scale")->dtype = "I32"; }),
      BadInt8("Int8ScalesInInt8", scales + "a matrix, as its dtype is I8, got 1 dimensions",
              [](ModelBytes* b) {
                b->tensor("next.weight_scale")->dtype = "I8";
                b->tensor("next.weight_scale")->shape = {16};
              }),
      BadInt8("Int8Vector",
              "tensor 'next.weight': expected a matrix, as its dtype is I8, got 1 dim",
              [](ModelBytes* b) { b->tensor("next.weight")->shape = {12}; }),
      BadScale("Int8ScaleNegative", -0.5f),
      BadScale("Int8ScaleDenormal", 1e-40f),
      BadScale("Int8ScaleTooLarge", 3e38f),
      BadScale("Int8ScaleNan", std::nanf("")),
      BadInt8("Int8ScaleZeroBesideOtherNumbers",
              "tensor 'next.weight': expected 0, as the row's scale is, got",
              [](ModelBytes* b) {
                std::memset(b->data.data() + b->tensor("next.weight_scale")->begin, 0, 4);
              }),
      Spoiled(
          "Bf16NotFinite", Precision::kBf16,
          "tensor 'next.weight': expected finite values, got inf at index 0", [](TensorMap*) {},
          [](ModelBytes* b) { b->data.replace(b->tensor("next.weight")->begin, 2, "\x80\x7f"); }),
      BadMix("next.weight", Precision::kFp32, Precision::kBf16,
             "expected dtype BF16 in a model of bf16 matrices, got F32"),
      BadMix("next.weight", Precision::kBf16, Precision::kInt8,
             "expected dtype I8 in a model of int8 matrices, got BF16"),
      BadMix("embedding.weight", Precision::kInt8, Precision::kInt8,
             "expected dtype BF16 in a model of int8 matrices, got I8"),
      BadMix("embedding.weight", Precision::kFp32, Precision::kInt8,
             "expected dtype BF16 in a model of int8 matrices, got F32"),
      BadMix("lstm.bias", Precision::kBf16, Precision::kBf16,
             "expected dtype F32 in a model of bf16 matrices, got BF16"),
  };
}

}  // namespace sequent
