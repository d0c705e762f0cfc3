// A SentencePiece model, read from its serialised form and checked, so that no bytes of a file can
// harm what uses it.
//
// Taken: type unigram or bpe; pieces that never cross words, that is without white space or U+2581
// (which stands for a space) behind their first character, as SentencePiece learns them by default.
// Then each word is segmented by itself, and text can be encoded as it streams. Byte pieces
// (byte_fallback), white space as a suffix and denormalisation are refused by name.
//
// The library itself reads such bytes with its own copy of Protobuf, whose symbols clash with ours
// in one process, and follows the offsets of the normaliser's trie without looking; hence this.
//
// Thread safety: plain data and a pure function.
#ifndef SEQUENT_CORE_MODEL_SENTENCEPIECE_MODEL_H_
#define SEQUENT_CORE_MODEL_SENTENCEPIECE_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace sequent {

// The space within pieces: U+2581.
inline constexpr std::string_view kPieceSpace = "\u2581";
inline constexpr size_t kMaxPieceBytes = 256;
// Of one entry of the normaliser.
inline constexpr size_t kMaxReplacementBytes = 256;

struct SentencePieceModel {
  enum class Type { kNormal = 1, kUnknown, kControl, kUserDefined, kUnused };
  struct Piece {
    std::string text;  // valid UTF-8, 1 .. kMaxPieceBytes, unlike all others
    float score = 0;   // finite
    Type type = Type::kNormal;
  };

  bool bpe = false;           // else unigram
  std::vector<Piece> pieces;  // token i is pieces[i]
  int32_t unknown = 0;        // the one piece of type kUnknown
  std::string unknown_text;   // what it is written as
  bool dummy_prefix = true;   // a space stands before the text
  // Of white space in a row one remains, of that at the text's ends none.
  bool collapse_spaces = true;
  // The normaliser: a double-array trie (darts-clone) over UTF-8 bytes, the values being offsets
  // into `replacements`, UTF-8 strings that each end with a zero byte. Empty: none. Offsets within
  // the trie are not checked: whoever follows one looks whether it lies inside.
  std::vector<uint32_t> trie;
  std::string replacements;

  // INVALID_ARGUMENT names the place under `path`.
  static StatusOr<SentencePieceModel> Parse(const std::string& path, std::string_view bytes);
};

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_SENTENCEPIECE_MODEL_H_
