// Text cut into words, streamed: what WordCodec and its vocabulary's fit share.
//
// State (kStateBytes): that of Utf8Stream; one byte, the length of the word held back; one byte, 1
// if an apostrophe follows it; two zeros; the word, then zeros. A word of more than kMaxWordBytes
// can be in no vocabulary, so its bytes are not kept: its length is kTooLong. An apostrophe after a
// word belongs to it only if a word character follows, hence is held back too.
//
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_CORE_CODEC_WORD_CUTTER_H_
#define SEQUENT_CORE_CODEC_WORD_CUTTER_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "core/base/status.h"
#include "core/codec/utf8_stream.h"
#include "core/model/word_class.h"

namespace sequent {

struct WordRules {
  bool spaced = false;  // words are what stands between white space
  bool lowercase = false;
  bool line_ends = false;  // a line feed is kLineEnd
};

class WordCutter {
 public:
  static constexpr size_t kTooLong = kMaxWordBytes + 1;
  static constexpr size_t kWordOffset = 8;
  static constexpr size_t kStateBytes = kWordOffset + kMaxWordBytes;
  // A word, its apostrophe, and the bytes of a code point that never comes.
  static constexpr size_t kMaxPending = 1 + 1 + 3;
  // What `take` gets for what is no word: no text at all, and a line's end.
  static constexpr std::string_view kUnknown = {};
  static constexpr std::string_view kLineEnd = "\n";

  WordCutter(const WordRules& rules, const void* state);
  void Save(void* state);

  size_t PendingBytes() const;
  bool HoldsWord() const { return length_ > 0; }

  // Calls take(text) with each word that is complete: a word, a punctuation mark, kUnknown (a word
  // too long, a byte that is no UTF-8) or kLineEnd.
  template <typename Take>
  void Cut(std::string_view bytes, const Take& take) {
    stream_.Decode(bytes, [&](std::string_view sequence) { Next(sequence, take); });
  }
  // The text ends here.
  template <typename Take>
  void Flush(const Take& take) {
    EndWord(take);
    for (size_t i = 0; i < stream_.size(); ++i) take(kUnknown);
    stream_.Clear();
  }

  // DATA_LOSS unless Save could have written `state` under these rules.
  static Status Validate(const WordRules& rules, const void* state);

 private:
  template <typename Take>
  void Next(std::string_view sequence, const Take& take) {
    if (sequence.empty()) {
      EndWord(take);
      return take(kUnknown);
    }
    const char32_t code_point = *DecodeCodePoint(sequence);
    if (rules_.spaced ? !IsSpace(code_point) : IsWordCharacter(code_point)) {
      return Extend(code_point, sequence);
    }
    if (code_point == '\'' && length_ > 0 && !apostrophe_) {
      apostrophe_ = true;
      return;
    }
    EndWord(take);
    if (code_point == '\n' && rules_.line_ends) {
      take(kLineEnd);
    } else if (!IsSpace(code_point)) {
      take(sequence);
    }
  }

  template <typename Take>
  void EndWord(const Take& take) {
    if (length_ > 0) take(length_ == kTooLong ? kUnknown : word());
    if (apostrophe_) take(std::string_view("'"));
    length_ = 0;
    apostrophe_ = false;
  }

  void Extend(char32_t code_point, std::string_view sequence);
  void Append(std::string_view bytes);
  std::string_view word() const { return {word_.data(), length_ == kTooLong ? 0 : length_}; }

  const WordRules rules_;
  Utf8Stream stream_;
  size_t length_ = 0;
  bool apostrophe_ = false;
  std::array<char, kMaxWordBytes> word_ = {};
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_WORD_CUTTER_H_
