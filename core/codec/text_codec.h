// Text to tokens and back, streamed: the bytes may be cut anywhere.
//
// What the codec cannot decide yet (an incomplete UTF-8 sequence, a word that may go on) is held
// back in a block of bytes in the session's row, of a fixed size, so the same text gives the same
// tokens however it is cut. A byte that belongs to no valid UTF-8 becomes one <unk>.
//
// Thread safety: immutable; the state belongs to the caller.
#ifndef SEQUENT_CORE_CODEC_TEXT_CODEC_H_
#define SEQUENT_CORE_CODEC_TEXT_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

class TextCodec {
 public:
  virtual ~TextCodec() = default;

  // The codec that `input` names; its vocabulary must be valid (see model.proto). INVALID_ARGUMENT
  // for "ids", which has no text.
  static StatusOr<std::unique_ptr<const TextCodec>> Create(const v1::TokenInput& input);

  // Vocabulary of the code points in `text` seen at least `min_count` times, <unk> first, the rest
  // in code point order.
  static std::vector<std::string> FitCharacters(std::string_view text, uint32_t min_count);

  virtual size_t state_size() const = 0;  // bytes; a state needs no alignment
  void InitState(void* state) const;      // zeros
  // Refuses a state this codec cannot have left.
  virtual Status ValidateState(const void* state) const = 0;
  // Bytes held back in `state`.
  virtual size_t PendingBytes(const void* state) const = 0;
  // Whether a whole token is among them, held back only because it might go on: a word.
  virtual bool HoldsToken(const void* /*state*/) const { return false; }
  // The most tokens that any state's held back bytes can become.
  virtual size_t max_pending_tokens() const = 0;

  // Appends the tokens that `bytes` completes. With `flush` (the text ends here) what is held back
  // becomes tokens too. At most PendingBytes + bytes.size() tokens, and 1 where the text begins.
  virtual void Encode(void* state, std::string_view bytes, bool flush,
                      std::vector<int32_t>* tokens) const = 0;

  size_t size() const { return vocabulary_.size(); }
  // What a token is called, valid UTF-8. 0 <= token < size().
  const std::string& TokenText(int32_t token) const { return vocabulary_[token]; }
  const std::vector<std::string>& vocabulary() const { return vocabulary_; }

  // No token before: what stands there is a word.
  static constexpr int32_t kNoToken = -1;
  // What `token` adds to a text that ends with `previous`, spacing included: valid UTF-8 of at most
  // max_text_bytes().
  virtual std::string Text(int32_t previous, int32_t token) const;
  size_t max_text_bytes() const { return max_text_bytes_; }

 protected:
  // `spacing`: bytes that Text may add to a token's name.
  TextCodec(std::vector<std::string> vocabulary, size_t spacing);

 private:
  const std::vector<std::string> vocabulary_;
  size_t max_text_bytes_ = 0;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_TEXT_CODEC_H_
