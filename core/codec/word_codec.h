// Tokens that are words: codecs "words" and "list". Use them through TextCodec.
#ifndef SEQUENT_CORE_CODEC_WORD_CODEC_H_
#define SEQUENT_CORE_CODEC_WORD_CODEC_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/codec/text_codec.h"

namespace sequent {

// `input` is checked already.
std::unique_ptr<const TextCodec> MakeWordCodec(const v1::TokenInput& input);

// Counts words over any number of texts, each ending by itself.
class WordCounter {
 public:
  // Of `input` the codec's name, lowercase and line_ends are used.
  explicit WordCounter(const v1::TokenInput& input);
  ~WordCounter();

  void Add(std::string_view text);
  // The four special tokens, then the words seen at least `min_count` times by falling count, equal
  // ones in byte order; at most `max_size` entries in all (0 = no limit).
  std::vector<std::string> Vocabulary(uint64_t min_count, size_t max_size) const;

 private:
  struct Counts;
  std::unique_ptr<Counts> counts_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_WORD_CODEC_H_
