// State rows from outside: a row that ValidateState takes can be run, and one it refuses is refused
// with a reason.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "tests/fuzz/state_row_seed.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequent;
  static const auto* const models = new auto(FuzzedModels());
  if (size == 0) return 0;
  const Model& model = *(*models)[data[0] % models->size()];
  AlignedVector<std::byte> row(model.state_size());
  model.InitState(row.data());
  for (size_t i = 0; i < row.size() && i + 1 < size; ++i) row[i] ^= std::byte{data[i + 1]};

  const Status status = model.ValidateState(row.data());
  if (!status.ok()) {
    if (!absl::IsDataLoss(status) || Message(status).empty()) std::abort();
    return 0;
  }
  RunOneStep(model, row.data());
  if (const TextCodec* codec = model.text_codec()) {
    std::vector<int32_t> tokens;
    codec->Encode(model.codec_state(row.data()), "a\xc3\xa9", true, &tokens);
    for (const int32_t token : tokens) {
      if (token < 0 || static_cast<size_t>(token) >= codec->size()) std::abort();
    }
  }
  return 0;
}
