#include "tests/core/nn/nn_testing.h"

#include <google/protobuf/text_format.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include "tests/support/models.h"

namespace sequent {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

ModelContents Contents(const std::string& text, uint64_t seed) {
  v1::ModelConfig config;
  if (!google::protobuf::TextFormat::ParseFromString(text, &config)) Fail("bad: " + text);
  return RandomModel(config, seed);
}

}  // namespace

ModelContents FeatureContents(const std::string& layers_and_heads, uint64_t seed) {
  return Contents(
      "name: 'test' task: 'forecast' inputs { name: 'input' features { columns { name: 'a' } "
      "columns { name: 'b' } columns { name: 'c' } } } " +
          layers_and_heads,
      seed);
}

ModelContents TokenContents(const std::string& layers_and_heads, uint64_t seed) {
  return Contents(
      "name: 'test' task: 'language_model' inputs { name: 'input' tokens { codec: 'ids' size: 11 } "
      "} " +
          layers_and_heads,
      seed);
}

std::shared_ptr<const Model> MakeModel(ModelContents contents, Precision precision) {
  auto model = Model::Create(std::move(contents), {.precision = precision});
  if (!model.ok()) Fail(model.status().ToString());
  return *std::move(model);
}

Sequence RandomSequence(const Model& model, size_t steps, uint64_t seed) {
  const RandomStream random(seed, 78, 0);
  Sequence sequence{.steps = steps, .tokens = {}, .features = {}};
  const size_t tokens = model.graph().nodes[0].tokens;
  for (size_t i = 0; tokens > 0 && i < steps; ++i) {
    sequence.tokens.push_back(static_cast<int32_t>(Draw(random, i, 0, tokens - 1)));
  }
  for (size_t i = 0; i < steps * model.input_width(); ++i) {
    sequence.features.push_back(static_cast<float>(random.Normal(i)));
  }
  return sequence;
}

Player::Player(const Model& model, Sequence sequence)
    : model_(model), sequence_(std::move(sequence)), state_(model.state_size()) {
  model.InitState(state_.data());
  for (const HeadNode& head : model.graph().heads) {
    outputs_.emplace_back(sequence_.steps * head.outputs, std::numeric_limits<float>::quiet_NaN());
  }
  addresses_.resize(outputs_.size());
}

TickRow Player::Next(size_t steps) {
  TickRow row;
  row.state = state_.data();
  row.steps = static_cast<uint32_t>(steps);
  if (!sequence_.tokens.empty()) row.tokens = sequence_.tokens.data() + position_;
  if (!sequence_.features.empty()) {
    row.features = sequence_.features.data() + position_ * model_.input_width();
  }
  for (size_t h = 0; h < outputs_.size(); ++h) {
    addresses_[h] = outputs_[h].data() + position_ * model_.graph().heads[h].outputs;
  }
  row.outputs = addresses_.data();
  position_ += steps;
  return row;
}

void Player::Play(size_t steps) {
  const TickRow row = Next(steps);
  model_.Run({.rows = {&row, 1}}, &workspace_, nullptr);
}

bool SameBits(const Model& model, Player& a, Player& b) {
  for (size_t h = 0; h < model.graph().heads.size(); ++h) {
    const auto& x = a.outputs(h);
    const auto& y = b.outputs(h);
    if (x.size() != y.size()) return false;
    if (std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) != 0) return false;
  }
  return a.state() == b.state();
}

size_t Draw(const RandomStream& random, uint64_t i, size_t first, size_t last) {
  return first + static_cast<size_t>(random.Bits(i) % (last - first + 1));
}

}  // namespace sequent
