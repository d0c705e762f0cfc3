#include "core/codec/sentencepiece_normalizer.h"

#include <algorithm>

#include "core/model/utf8.h"

namespace sequent {
namespace {

constexpr std::string_view kReplacementCharacter = "\ufffd";

// A unit of the double array, as darts-clone packs it.
struct Unit {
  uint32_t bits;
  bool has_leaf() const { return (bits >> 8 & 1) != 0; }
  uint32_t value() const { return bits & 0x7fffffffu; }
  uint32_t label() const { return bits & 0x800000ffu; }
  uint32_t offset() const { return (bits >> 10) << ((bits & 0x200u) >> 6); }
};

}  // namespace

SentencePieceNormalizer::SentencePieceNormalizer(const SentencePieceModel& model) : model_(model) {
  for (const SentencePieceModel::Piece& piece : model.pieces) {
    if (piece.type != SentencePieceModel::Type::kUserDefined) continue;
    user_defined_.insert(piece.text);
    longest_user_defined_ = std::max(longest_user_defined_, piece.text.size());
  }
}

size_t SentencePieceNormalizer::UserDefinedPrefix(std::string_view text) const {
  for (size_t size = std::min(longest_user_defined_, text.size()); size > 0; --size) {
    if (user_defined_.contains(text.substr(0, size))) return size;
  }
  return 0;
}

// Size 0: no key begins the text. Values that are no beginning of a replacement count as none.
SentencePieceNormalizer::Prefix SentencePieceNormalizer::TablePrefix(std::string_view text) const {
  const std::vector<uint32_t>& trie = model_.trie;
  const std::string& replacements = model_.replacements;
  Prefix longest = {0, {}};
  if (trie.empty()) return longest;
  size_t at = Unit{trie[0]}.offset();
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t byte = static_cast<uint8_t>(text[i]);
    at ^= byte;
    if (at >= trie.size() || Unit{trie[at]}.label() != byte) break;
    const bool has_leaf = Unit{trie[at]}.has_leaf();
    at ^= Unit{trie[at]}.offset();
    if (!has_leaf) continue;
    if (at >= trie.size()) break;
    const size_t value = Unit{trie[at]}.value();
    const bool begins =
        value < replacements.size() && (value == 0 || replacements[value - 1] == '\0');
    if (begins) longest = {i + 1, replacements.c_str() + value};
  }
  return longest;
}

SentencePieceNormalizer::Prefix SentencePieceNormalizer::Next(std::string_view text) const {
  if (const size_t size = UserDefinedPrefix(text); size > 0) return {size, text.substr(0, size)};
  if (const Prefix prefix = TablePrefix(text); prefix.size > 0) return prefix;
  const size_t size = Utf8Length(static_cast<uint8_t>(text[0]));
  if (size == 0 || !IsUtf8(text.substr(0, size))) return {1, kReplacementCharacter};
  return {size, text.substr(0, size)};
}

}  // namespace sequent
