// What a state row looks like as a fuzzer's input, shared by the fuzzer and the writer of its
// seeds: one byte that chooses the model, then the bytes in which the row differs from the model's
// first state (exclusive or; missing ones are zero).
#ifndef SEQUENT_TESTS_FUZZ_STATE_ROW_SEED_H_
#define SEQUENT_TESTS_FUZZ_STATE_ROW_SEED_H_

#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/base/aligned.h"
#include "core/nn/model.h"
#include "tests/support/models.h"

namespace sequent {

inline std::vector<std::shared_ptr<const Model>> FuzzedModels() {
  std::vector<std::shared_ptr<const Model>> models;
  models.push_back(Model::Create(TinyTextModel()).value());
  models.push_back(Model::Create(TinySeriesModel(HeadKind::kGaussian)).value());
  for (auto& [name, contents] : OneModelPerLayerKind()) {
    models.push_back(Model::Create(std::move(contents)).value());
  }
  return models;
}

inline std::string StateRowSeed(size_t index, const Model& model, const std::byte* row) {
  AlignedVector<std::byte> first(model.state_size());
  model.InitState(first.data());
  std::string seed(1, static_cast<char>(index));
  for (size_t i = 0; i < first.size(); ++i) seed.push_back(static_cast<char>(first[i] ^ row[i]));
  return seed;
}

// One step of token 0 or of a small and a missing measurement; heads from `last` and the step.
inline void RunOneStep(const Model& model, std::byte* row) {
  const int32_t token = 0;
  std::vector<float> raw, features(model.input_width());
  if (const SeriesCodec* codec = model.series_codec()) {
    raw.assign(codec->columns(), 0.5f);
    if (!raw.empty()) raw.back() = std::numeric_limits<float>::quiet_NaN();
    if (!codec->Check(raw).ok()) raw.back() = -0.5f;
    codec->Encode(model.codec_state(row), raw.data(), features.data(), nullptr);
  }
  std::vector<std::vector<float>> outputs;
  std::vector<float*> addresses;
  for (const HeadNode& head : model.graph().heads) outputs.emplace_back(2 * head.outputs);
  for (std::vector<float>& output : outputs) addresses.push_back(output.data());
  const std::array<TickRow, 1> rows = {TickRow{.state = row,
                                               .steps = 1,
                                               .tokens = &token,
                                               .features = features.data(),
                                               .output_last = true,
                                               .outputs = addresses.data()}};
  Workspace workspace;
  model.Run({.rows = rows}, &workspace, nullptr);
}

}  // namespace sequent

#endif  // SEQUENT_TESTS_FUZZ_STATE_ROW_SEED_H_
