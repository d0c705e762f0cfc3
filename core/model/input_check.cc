#include "core/model/input_check.h"

#include <array>
#include <string>
#include <unordered_set>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/model/utf8.h"

namespace sequent {
namespace {

constexpr std::array<std::string_view, 2> kTokenCodecs = {"characters", "ids"};

}  // namespace

StatusOr<size_t> CheckTokenInput(std::string_view path, const v1::TokenInput& tokens) {
  const std::string prefix(path);
  if (tokens.codec().empty()) return Expected(prefix + ".codec", "characters | ids", "''");
  SEQ_ASSIGN_OR_RETURN(const size_t codec,
                       CheckChoice(prefix + ".codec", tokens.codec(), kTokenCodecs));
  const size_t entries = static_cast<size_t>(tokens.vocabulary_size());
  if (codec == 1) {
    if (entries > 0) {
      return Expected(prefix + ".vocabulary", "none with codec ids", StrCat(entries, " entries"));
    }
    SEQ_RETURN_IF_ERROR(CheckCount(prefix + ".size", tokens.size(), kMaxTokens));
    return static_cast<size_t>(tokens.size());
  }
  if (entries == 0 || entries > kMaxTokens) {
    return Expected(prefix + ".vocabulary", StrCat("1..", kMaxTokens, " entries"), StrCat(entries));
  }
  if (tokens.size() != 0 && tokens.size() != entries) {
    return Expected(prefix + ".size", StrCat("0 or the vocabulary's ", entries),
                    StrCat(tokens.size()));
  }
  return entries;
}

Status CheckVocabulary(std::string_view path, const v1::TokenInput& tokens) {
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

Status CheckLearnedInputs(const v1::ModelConfig& config) {
  for (int i = 0; i < config.inputs_size(); ++i) {
    const std::string path = Indexed("inputs", static_cast<size_t>(i));
    SEQ_RETURN_IF_ERROR(CheckVocabulary(path + ".tokens", config.inputs(i).tokens()));
    SEQ_RETURN_IF_ERROR(CheckLearned(path + ".features", config.inputs(i).features()));
  }
  return absl::OkStatus();
}

}  // namespace sequent
