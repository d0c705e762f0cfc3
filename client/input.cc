#include "client/input.h"

#include <bit>
#include <cstring>

namespace sequent::client {

Input Input::Rows(std::span<const float> values, uint32_t width, std::span<const int64_t> unix_ms) {
  static_assert(std::endian::native == std::endian::little, "RawSteps are little-endian");
  Input input;
  v1::RawSteps* raw = input.holder_.mutable_raw();
  raw->set_values(values.data(), values.size_bytes());
  raw->set_width(width);
  raw->mutable_unix_ms()->Add(unix_ms.begin(), unix_ms.end());
  input.units_ = width == 0 ? 0 : values.size() / width;
  return input;
}

Input Input::Tokens(std::span<const int32_t> ids) {
  Input input;
  input.holder_.mutable_tokens()->mutable_ids()->Add(ids.begin(), ids.end());
  input.units_ = ids.size();
  return input;
}

Input Input::Text(std::string_view bytes) {
  Input input;
  input.holder_.set_text(bytes.data(), bytes.size());
  input.units_ = bytes.size();
  return input;
}

namespace {

// The oneof of a PredictRequest and of a RolloutRequest have the same members.
template <typename Request>
void MoveInput(v1::PredictRequest* from, Request* to) {
  switch (from->input_case()) {
    case v1::PredictRequest::kRaw:
      to->mutable_raw()->Swap(from->mutable_raw());
      break;
    case v1::PredictRequest::kTokens:
      to->mutable_tokens()->Swap(from->mutable_tokens());
      break;
    case v1::PredictRequest::kText:
      to->mutable_text()->swap(*from->mutable_text());
      break;
    default:
      break;
  }
}

}  // namespace

void Input::MoveTo(v1::PredictRequest* request) && { MoveInput(&holder_, request); }
void Input::MoveTo(v1::RolloutRequest* request) && { MoveInput(&holder_, request); }

}  // namespace sequent::client
