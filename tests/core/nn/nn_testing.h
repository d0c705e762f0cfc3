// A small language for tests of core/nn: models from a line of text, sequences, and sessions that
// play a sequence through a model in chunks.
#ifndef SEQUENT_TESTS_CORE_NN_NN_TESTING_H_
#define SEQUENT_TESTS_CORE_NN_NN_TESTING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/aligned.h"
#include "core/base/random.h"
#include "core/nn/model.h"

namespace sequent {

// A model of 3 feature columns a, b, c (or, with "tokens", 11 ids) with these layers and heads in
// ModelConfig text format. Weights are drawn from `seed`.
ModelContents FeatureContents(const std::string& layers_and_heads, uint64_t seed = 1);
ModelContents TokenContents(const std::string& layers_and_heads, uint64_t seed = 1);

// Fails the program if the model is refused. Every batch is worth every thread.
std::shared_ptr<const Model> MakeModel(ModelContents contents,
                                       Precision precision = Precision::kFp32);

inline constexpr Precision kPrecisions[] = {Precision::kFp32, Precision::kBf16, Precision::kInt8};

// Encoded inputs for a model.
struct Sequence {
  size_t steps = 0;
  std::vector<int32_t> tokens;
  std::vector<float> features;
};
Sequence RandomSequence(const Model& model, size_t steps, uint64_t seed);

// One state row playing one sequence, collecting what every head says at every step.
class Player {
 public:
  Player(const Model& model, Sequence sequence);

  // The row for the next `steps` steps.
  TickRow Next(size_t steps);
  // Runs `steps` steps alone on this thread.
  void Play(size_t steps);
  void PlayAll() { Play(left()); }

  size_t left() const { return sequence_.steps - position_; }
  // [steps, outputs] of a head, all NaN where no step has been yet.
  const std::vector<float>& outputs(size_t head) const { return outputs_[head]; }
  AlignedVector<std::byte>& state() { return state_; }

 private:
  const Model& model_;
  const Sequence sequence_;
  size_t position_ = 0;
  AlignedVector<std::byte> state_;
  std::vector<std::vector<float>> outputs_;
  std::vector<float*> addresses_;
  Workspace workspace_;
};

// Equal bit for bit: outputs of all heads, and the state.
bool SameBits(const Model& model, Player& a, Player& b);

// Uniform in first .. last.
size_t Draw(const RandomStream& random, uint64_t i, size_t first, size_t last);

}  // namespace sequent

#endif  // SEQUENT_TESTS_CORE_NN_NN_TESTING_H_
