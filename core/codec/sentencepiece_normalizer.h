// SentencePiece's normaliser: text to text by a table of replacements, the longest key first.
//
// Thread safety: immutable.
#ifndef SEQUENT_CORE_CODEC_SENTENCEPIECE_NORMALIZER_H_
#define SEQUENT_CORE_CODEC_SENTENCEPIECE_NORMALIZER_H_

#include <cstddef>
#include <string_view>
#include <unordered_set>

#include "core/model/sentencepiece_model.h"

namespace sequent {

class SentencePieceNormalizer {
 public:
  // Pieces of type user defined are left as they are. `model` must outlive this.
  explicit SentencePieceNormalizer(const SentencePieceModel& model);

  struct Prefix {
    size_t size;                   // bytes of the text
    std::string_view replacement;  // valid UTF-8; of the text or of the model
  };
  // What the beginning of `text`, which is not empty, becomes.
  Prefix Next(std::string_view text) const;

 private:
  size_t UserDefinedPrefix(std::string_view text) const;
  Prefix TablePrefix(std::string_view text) const;

  const SentencePieceModel& model_;
  // Point into the model.
  std::unordered_set<std::string_view> user_defined_;
  size_t longest_user_defined_ = 0;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_SENTENCEPIECE_NORMALIZER_H_
