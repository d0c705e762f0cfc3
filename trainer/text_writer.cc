#include "trainer/text_writer.h"

#include <algorithm>
#include <vector>

#include "core/base/aligned.h"

namespace sequent {
namespace {

// Runs the tokens through a state and leaves the last step's logits.
class Writer {
 public:
  explicit Writer(const Model& model)
      : model_(model), state_(model.state_size()), logits_(model.graph().heads[0].outputs) {
    model_.InitState(state_.data());
    outputs_.resize(model.graph().heads.size());
    outputs_[0] = logits_.data();
  }

  const AlignedVector<float>& Step(const int32_t* tokens, size_t count) {
    TickRow row;
    row.state = state_.data();
    row.steps = static_cast<uint32_t>(count);
    row.tokens = tokens;
    row.first_output = static_cast<uint32_t>(count - 1);
    row.outputs = outputs_.data();
    model_.Run({std::span(&row, 1)}, &workspace_, nullptr);
    return logits_;
  }

 private:
  const Model& model_;
  AlignedVector<std::byte> state_;
  AlignedVector<float> logits_;
  std::vector<float*> outputs_;
  Workspace workspace_;
};

}  // namespace

void WriteText(const Model& model, std::span<const int32_t> context, uint64_t symbols,
               const SamplingOptions& sampling, uint64_t seed,
               const std::function<void(const std::string& text)>& take) {
  if (context.empty()) return;
  Writer writer(model);
  constexpr size_t kChunk = 4096;
  for (size_t begin = 0; begin + 1 < context.size(); begin += kChunk) {
    writer.Step(context.data() + begin, std::min(kChunk, context.size() - 1 - begin));
  }
  std::vector<std::pair<float, int32_t>> scratch;
  int32_t token = context.back();
  for (uint64_t step = 0; step < symbols; ++step) {
    const auto& logits = writer.Step(&token, 1);
    const int32_t previous = token;
    token = SampleClass(logits, sampling, UniformDraw(seed, 0, step, 0), &scratch);
    take(model.text_codec()->Text(previous, token));
  }
}

}  // namespace sequent
