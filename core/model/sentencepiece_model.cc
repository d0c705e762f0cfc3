#include "core/model/sentencepiece_model.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/model/utf8.h"
#include "core/model/word_class.h"
#include "sequent/v1/sentencepiece.pb.h"

namespace sequent {
namespace {

using Type = SentencePieceModel::Type;

std::string InQuotes(std::string_view text) { return StrCat("'", Quoted(text), "'"); }

// Whether a code point behind the first is one that words begin with.
bool CrossesWords(std::string_view piece) {
  for (size_t at = 0; at < piece.size();) {
    const std::string_view sequence = piece.substr(at, Utf8Length(static_cast<uint8_t>(piece[at])));
    if (at > 0 && (sequence == kPieceSpace || IsSpace(*DecodeCodePoint(sequence)))) return true;
    at += sequence.size();
  }
  return false;
}

Status CheckPiece(const std::string& where, const v1::SentencePieceEntry& entry) {
  const std::string& text = entry.piece();
  if (text.empty() || text.size() > kMaxPieceBytes || !IsUtf8(text)) {
    return Expected(where, StrCat("UTF-8 of 1 to ", kMaxPieceBytes, " bytes"), InQuotes(text));
  }
  if (!std::isfinite(entry.score())) {
    return Expected(where + ".score", "a finite number", StrCat(entry.score()));
  }
  if (entry.has_type() && entry.type() == 6) {
    return Expected(where, "no byte pieces (a model without byte_fallback)", InQuotes(text));
  }
  if (entry.has_type() && (entry.type() < 1 || entry.type() > 6)) {
    return Expected(where + ".type", "1 to 6", StrCat(entry.type()));
  }
  return absl::OkStatus();
}

Status AddPieces(const std::string& path, const v1::SentencePieceProto& proto,
                 SentencePieceModel* model) {
  if (proto.pieces_size() == 0 || static_cast<size_t>(proto.pieces_size()) > kMaxTokens) {
    return Expected(path + ".pieces", StrCat("1 to ", kMaxTokens), StrCat(proto.pieces_size()));
  }
  std::unordered_set<std::string_view> seen;
  std::optional<int32_t> unknown;
  for (int i = 0; i < proto.pieces_size(); ++i) {
    const v1::SentencePieceEntry& entry = proto.pieces(i);
    const std::string where = Indexed(path + ".pieces", static_cast<size_t>(i));
    SEQ_RETURN_IF_ERROR(CheckPiece(where, entry));
    const Type type = entry.has_type() ? static_cast<Type>(entry.type()) : Type::kNormal;
    const bool of_text = type != Type::kUnknown && type != Type::kControl;
    if (of_text && CrossesWords(entry.piece())) {
      return Expected(where,
                      "no white space or U+2581 behind the first character, since each word is "
                      "encoded by itself (a model learned with split_by_whitespace)",
                      InQuotes(entry.piece()));
    }
    if (!seen.insert(entry.piece()).second) {
      return Expected(where, "a piece not listed before", InQuotes(entry.piece()));
    }
    if (type == Type::kUnknown) {
      if (unknown) return Expected(where, "one piece of type unknown", "another");
      unknown = i;
    }
    model->pieces.push_back({entry.piece(), entry.score(), type});
  }
  if (!unknown) return Expected(path + ".pieces", "one piece of type unknown", "none");
  model->unknown = *unknown;
  return absl::OkStatus();
}

Status ReadTrainerSpec(const std::string& path, const v1::SentencePieceTrainerSpec& spec,
                       SentencePieceModel* model) {
  const int32_t type = spec.has_model_type() ? spec.model_type() : 1;
  if (type != 1 && type != 2) {
    return Expected(path + ".trainer_spec.model_type", "1 (unigram) or 2 (bpe)", StrCat(type));
  }
  model->bpe = type == 2;
  if (spec.treat_whitespace_as_suffix()) {
    return Expected(path + ".trainer_spec.treat_whitespace_as_suffix", "false", "true");
  }
  model->unknown_text = spec.has_unk_surface() ? spec.unk_surface() : " \u2047 ";
  if (model->unknown_text.size() <= kMaxPieceBytes && IsUtf8(model->unknown_text)) {
    return absl::OkStatus();
  }
  return Expected(path + ".trainer_spec.unk_surface",
                  StrCat("UTF-8 of at most ", kMaxPieceBytes, " bytes"),
                  InQuotes(model->unknown_text));
}

// u32 little-endian: bytes of the trie | the trie's units, u32 each | replacements
Status ReadCharsmap(const std::string& where, std::string_view bytes, SentencePieceModel* model) {
  if (bytes.empty()) return absl::OkStatus();
  uint32_t trie_bytes = 0;
  if (bytes.size() >= sizeof(trie_bytes))
    std::memcpy(&trie_bytes, bytes.data(), sizeof(trie_bytes));
  if (trie_bytes == 0 || trie_bytes % sizeof(uint32_t) != 0 ||
      trie_bytes > bytes.size() - sizeof(trie_bytes)) {
    return Expected(where, "a trie of whole units within it",
                    StrCat(trie_bytes, " bytes of ", bytes.size()));
  }
  model->trie.resize(trie_bytes / sizeof(uint32_t));
  std::memcpy(model->trie.data(), bytes.data() + sizeof(trie_bytes), trie_bytes);
  model->replacements = bytes.substr(sizeof(trie_bytes) + trie_bytes);
  const std::string_view all = model->replacements;
  if (all.empty() || all.back() != '\0' || !IsUtf8(all)) {
    return Expected(where, "replacements in UTF-8, each ended by a zero byte", "other bytes");
  }
  for (size_t begin = 0, end; begin < all.size(); begin = end + 1) {
    end = all.find('\0', begin);
    if (end - begin <= kMaxReplacementBytes) continue;
    return Expected(where, StrCat("replacements of at most ", kMaxReplacementBytes, " bytes"),
                    StrCat(end - begin));
  }
  return absl::OkStatus();
}

Status ReadNormalizer(const std::string& path, const v1::SentencePieceNormalizerSpec& spec,
                      SentencePieceModel* model) {
  if (spec.has_escape_whitespaces() && !spec.escape_whitespaces()) {
    return Expected(path + ".normalizer_spec.escape_whitespaces", "true", "false");
  }
  model->dummy_prefix = !spec.has_add_dummy_prefix() || spec.add_dummy_prefix();
  model->collapse_spaces = !spec.has_remove_extra_whitespaces() || spec.remove_extra_whitespaces();
  return ReadCharsmap(path + ".normalizer_spec.precompiled_charsmap", spec.precompiled_charsmap(),
                      model);
}

}  // namespace

StatusOr<SentencePieceModel> SentencePieceModel::Parse(const std::string& path,
                                                       std::string_view bytes) {
  v1::SentencePieceProto proto;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()) ||
      !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Expected(path, "a SentencePiece model",
                    StrCat(bytes.size(), " bytes that are none: '", Quoted(bytes, 16), "'"));
  }
  SentencePieceModel model;
  SEQ_RETURN_IF_ERROR(AddPieces(path, proto, &model));
  SEQ_RETURN_IF_ERROR(ReadTrainerSpec(path, proto.trainer_spec(), &model));
  SEQ_RETURN_IF_ERROR(ReadNormalizer(path, proto.normalizer_spec(), &model));
  if (!proto.denormalizer_spec().precompiled_charsmap().empty()) {
    return Expected(path + ".denormalizer_spec", "no rules", "some");
  }
  return model;
}

}  // namespace sequent
