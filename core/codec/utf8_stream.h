// Bytes to code points, whatever the bytes are cut into.
//
// The state is four bytes: how many bytes are held back (0-3), those bytes, zeros. Held back is
// always a proper beginning of some valid sequence. When the next byte does not continue it, each
// byte held back belongs to no sequence (a continuation byte begins nothing, so none of them could
// have been something else), and the new byte is looked at afresh. No decision depends on anything
// but the state and one byte, hence not on where the text was cut.
//
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_CORE_CODEC_UTF8_STREAM_H_
#define SEQUENT_CORE_CODEC_UTF8_STREAM_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/base/status.h"
#include "core/model/utf8.h"

namespace sequent {

// The bytes held back and one more.
class Utf8Stream {
 public:
  static constexpr size_t kStateBytes = 4;

  explicit Utf8Stream(const void* state) { std::memcpy(bytes_.data(), state, kStateBytes); }
  void Save(void* state) {
    std::fill(bytes_.begin() + 1 + static_cast<ptrdiff_t>(size()), bytes_.end(), '\0');
    std::memcpy(state, bytes_.data(), kStateBytes);
  }

  // Bytes held back.
  size_t size() const { return static_cast<uint8_t>(bytes_[0]); }
  void Clear() { bytes_[0] = 0; }

  // Calls `take` with each valid sequence, and with an empty one for each byte that belongs to
  // none.
  template <typename Take>
  void Decode(std::string_view bytes, const Take& take) {
    for (const char byte : bytes) {
      if (!Extend(byte)) {
        const bool fresh = size() == 0;
        for (size_t i = 0; i < size(); ++i) take(std::string_view());
        Clear();
        if (fresh || !Extend(byte)) {
          take(std::string_view());
          continue;
        }
      }
      if (IsComplete()) {
        take(text());
        Clear();
      }
    }
  }

  // DATA_LOSS unless Save could have written `state`.
  static Status Validate(const void* state);

 private:
  std::string_view text() const { return {bytes_.data() + 1, size()}; }
  bool IsComplete() const {
    return size() > 0 && size() == Utf8Length(static_cast<uint8_t>(bytes_[1]));
  }
  // Keeps `byte` if some valid sequence goes on with it.
  bool Extend(char byte) {
    bytes_[1 + size()] = byte;
    ++bytes_[0];
    if (IsUtf8Prefix(text())) return true;
    --bytes_[0];
    return false;
  }

  std::array<char, 1 + 4> bytes_ = {};
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_UTF8_STREAM_H_
