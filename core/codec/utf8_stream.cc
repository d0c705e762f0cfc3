#include "core/codec/utf8_stream.h"

#include "core/base/error.h"

namespace sequent {

Status Utf8Stream::Validate(const void* state) {
  std::array<char, kStateBytes> bytes;
  std::memcpy(bytes.data(), state, kStateBytes);
  const size_t size = static_cast<uint8_t>(bytes[0]);
  const auto bad = [&bytes](std::string_view expected) {
    return absl::DataLossError(StrCat("text codec state: expected ", ToAbsl(expected), ", got '",
                                      Quoted({bytes.data(), kStateBytes}), "'"));
  };
  if (size >= kStateBytes) return bad("at most 3 bytes held back");
  const std::string_view held(bytes.data() + 1, size);
  const bool unfinished =
      size == 0 || (IsUtf8Prefix(held) && size < Utf8Length(static_cast<uint8_t>(held[0])));
  if (!unfinished) return bad("the beginning of a UTF-8 sequence");
  for (size_t i = 1 + size; i < kStateBytes; ++i) {
    if (bytes[i] != 0) return bad("zeros after the bytes held back");
  }
  return absl::OkStatus();
}

}  // namespace sequent
