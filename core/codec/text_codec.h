// Text to tokens and back, streamed: the bytes may be cut anywhere.
//
// The codec's state is a small block of bytes in the session's row (an incomplete UTF-8 sequence
// held back until its end arrives), so the same text gives the same tokens however it is cut. A
// byte that belongs to no valid sequence becomes one <unk>.
//
// Thread safety: immutable; the state belongs to the caller.
#ifndef SEQUENT_CORE_CODEC_TEXT_CODEC_H_
#define SEQUENT_CORE_CODEC_TEXT_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/status.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

class TextCodec {
 public:
  // `input.codec` must be "characters", its vocabulary valid (see model.proto).
  static StatusOr<std::unique_ptr<const TextCodec>> Create(const v1::TokenInput& input);

  // Vocabulary of the code points in `text` seen at least `min_count` times, <unk> first, the rest
  // in code point order.
  static std::vector<std::string> FitCharacters(std::string_view text, uint32_t min_count);

  size_t state_size() const;  // bytes; a state needs no alignment
  void InitState(void* state) const;
  // Refuses a state this codec cannot have left.
  Status ValidateState(const void* state) const;
  // Bytes held back in `state`.
  size_t PendingBytes(const void* state) const;

  // Appends the tokens that `bytes` completes. With `flush` (the text ends here) what is held back
  // becomes <unk>, one per byte. Appends at most PendingBytes + bytes.size() tokens.
  void Encode(void* state, std::string_view bytes, bool flush, std::vector<int32_t>* tokens) const;

  size_t size() const { return vocabulary_.size(); }
  // The text of a token, valid UTF-8; "<unk>" for the unknown one. 0 <= token < size().
  const std::string& TokenText(int32_t token) const { return vocabulary_[token]; }
  const std::vector<std::string>& vocabulary() const { return vocabulary_; }

 private:
  TextCodec() = default;
  int32_t TokenOf(std::string_view sequence) const;

  std::vector<std::string> vocabulary_;
  std::unordered_map<char32_t, int32_t> token_of_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_TEXT_CODEC_H_
