#include "core/model/input_check.h"

#include <array>
#include <string>
#include <unordered_set>

#include "core/base/error.h"
#include "core/model/assets.h"
#include "core/model/config_check.h"
#include "core/model/sentencepiece_model.h"
#include "core/model/utf8.h"
#include "core/model/word_class.h"

namespace sequent {
namespace {

constexpr std::array<std::string_view, 5> kTokenCodecs = {"characters", "ids", "words", "list",
                                                          "sentencepiece"};

bool IsOfWords(const v1::TokenInput& tokens) {
  return tokens.codec() == "words" || tokens.codec() == "list";
}

bool IsOfPieces(const v1::TokenInput& tokens) { return tokens.codec() == "sentencepiece"; }

Status CheckWordOptions(const std::string& prefix, const v1::TokenInput& tokens) {
  if (IsOfWords(tokens)) return absl::OkStatus();
  const std::string expected = StrCat("false with codec ", tokens.codec());
  if (tokens.lowercase()) return Expected(prefix + ".lowercase", expected, "true");
  if (tokens.line_ends()) return Expected(prefix + ".line_ends", expected, "true");
  return absl::OkStatus();
}

// Codecs whose number of tokens is `size`, since the vocabulary stands elsewhere or nowhere.
StatusOr<size_t> CheckSizeAlone(const std::string& prefix, const v1::TokenInput& tokens) {
  if (tokens.vocabulary_size() > 0) {
    return Expected(prefix + ".vocabulary", StrCat("none with codec ", tokens.codec()),
                    StrCat(tokens.vocabulary_size(), " entries"));
  }
  SEQ_RETURN_IF_ERROR(CheckCount(prefix + ".size", tokens.size(), kMaxTokens));
  return static_cast<size_t>(tokens.size());
}

Status CheckAssetName(const std::string& prefix, const v1::TokenInput& tokens) {
  if (IsOfPieces(tokens)) return CheckName(prefix + ".asset", tokens.asset());
  if (tokens.asset().empty()) return absl::OkStatus();
  return Expected(prefix + ".asset", StrCat("none with codec ", tokens.codec()),
                  StrCat("'", Quoted(tokens.asset()), "'"));
}

Status CheckPieces(std::string_view path, const v1::TokenInput& tokens) {
  const std::string asset = std::string(path) + ".asset";
  if (tokens.asset_data().empty() || tokens.asset_data().size() > kMaxAssetBytes) {
    return Expected(asset, StrCat("a SentencePiece model of at most ", kMaxAssetBytes, " bytes"),
                    StrCat(tokens.asset_data().size()));
  }
  SEQ_ASSIGN_OR_RETURN(const SentencePieceModel model,
                       SentencePieceModel::Parse(asset, tokens.asset_data()));
  if (model.pieces.size() == tokens.size()) return absl::OkStatus();
  return Expected(std::string(path) + ".size",
                  StrCat("the ", model.pieces.size(), " pieces of the SentencePiece model"),
                  StrCat(tokens.size()));
}

// What is wrong with an entry behind the special ones; empty: nothing.
std::string_view WordWanted(const v1::TokenInput& tokens, const std::string& entry) {
  const bool list = tokens.codec() == "list";
  if (list ? !IsUnspaced(entry) : !IsWord(entry) && !IsPunctuation(entry)) {
    return list ? "1 to 64 bytes without white space" : "a word of at most 64 bytes or one mark";
  }
  if (tokens.lowercase() && ToLower(entry) != entry) return "lower case";
  return {};
}

Status CheckWords(std::string_view path, const v1::TokenInput& tokens) {
  std::unordered_set<std::string_view> seen;
  const auto& entries = tokens.vocabulary();
  for (size_t i = 0; i < static_cast<size_t>(entries.size()); ++i) {
    const std::string& entry = entries[static_cast<int>(i)];
    const std::string where = StrCat(ToAbsl(path), ".vocabulary[", i, "]");
    const std::string got = StrCat("'", Quoted(entry), "'");
    if (i < kSpecialTokens.size()) {
      seen.insert(entry);
      if (entry == kSpecialTokens[i]) continue;
      return Expected(where, StrCat("'", ToAbsl(kSpecialTokens[i]), "'"), got);
    }
    const std::string_view wanted = WordWanted(tokens, entry);
    if (!wanted.empty()) return Expected(where, wanted, got);
    if (!seen.insert(entry).second) return Expected(where, "a word not listed before", got);
  }
  return absl::OkStatus();
}

Status CheckCharacters(std::string_view path, const v1::TokenInput& tokens) {
  std::unordered_set<char32_t> seen;
  for (int i = 0; i < tokens.vocabulary_size(); ++i) {
    const std::string& entry = tokens.vocabulary(i);
    const std::string where = StrCat(ToAbsl(path), ".vocabulary[", i, "]");
    const std::string got = StrCat("'", Quoted(entry), "'");
    if (i == 0) {
      if (entry != kUnknownToken) return Expected(where, "'<unk>'", got);
      continue;
    }
    const std::optional<char32_t> code_point = DecodeCodePoint(entry);
    if (!code_point.has_value()) return Expected(where, "one Unicode character", got);
    if (!seen.insert(*code_point).second) {
      return Expected(where, "a character not listed before", got);
    }
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<size_t> CheckTokenInput(std::string_view path, const v1::TokenInput& tokens) {
  const std::string prefix(path);
  if (tokens.codec().empty())
    return Expected(prefix + ".codec", "characters | ids | words | list | sentencepiece", "''");
  SEQ_ASSIGN_OR_RETURN(const size_t codec,
                       CheckChoice(prefix + ".codec", tokens.codec(), kTokenCodecs));
  SEQ_RETURN_IF_ERROR(CheckWordOptions(prefix, tokens));
  SEQ_RETURN_IF_ERROR(CheckAssetName(prefix, tokens));
  if (kTokenCodecs[codec] == "ids" || IsOfPieces(tokens)) return CheckSizeAlone(prefix, tokens);
  const size_t entries = static_cast<size_t>(tokens.vocabulary_size());
  const size_t least = IsOfWords(tokens) ? kSpecialTokens.size() : 1;
  if (entries < least || entries > kMaxTokens) {
    return Expected(prefix + ".vocabulary", StrCat(least, "..", kMaxTokens, " entries"),
                    StrCat(entries));
  }
  if (tokens.size() != 0 && tokens.size() != entries) {
    return Expected(prefix + ".size", StrCat("0 or the vocabulary's ", entries),
                    StrCat(tokens.size()));
  }
  return entries;
}

Status CheckVocabulary(std::string_view path, const v1::TokenInput& tokens) {
  if (IsOfPieces(tokens)) return CheckPieces(path, tokens);
  return IsOfWords(tokens) ? CheckWords(path, tokens) : CheckCharacters(path, tokens);
}

Status CheckLearnedInputs(const v1::ModelConfig& config) {
  for (int i = 0; i < config.inputs_size(); ++i) {
    const std::string path = Indexed("inputs", static_cast<size_t>(i));
    SEQ_RETURN_IF_ERROR(CheckVocabulary(path + ".tokens", config.inputs(i).tokens()));
    SEQ_RETURN_IF_ERROR(CheckLearned(path + ".features", config.inputs(i).features()));
  }
  return absl::OkStatus();
}

}  // namespace sequent
