#include "trainer/text_input.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/codec/text_codec.h"
#include "core/codec/word_codec.h"
#include "core/model/config_check.h"
#include "core/model/input_check.h"

namespace sequent {
namespace {

constexpr std::array<std::string_view, 3> kCodecs = {"characters", "words", "list"};

// Keys that the codec does not read are refused rather than ignored.
Status CheckKeys(const std::string& path, std::string_view codec, const v1::TokenSpec& spec) {
  const bool words = codec == "words" || codec == "list";
  const std::string expected = StrCat("none with codec ", ToAbsl(codec));
  if (!words && spec.lowercase()) return Expected(path + ".lowercase", expected, "true");
  if (!words && spec.line_ends()) return Expected(path + ".line_ends", expected, "true");
  if (!words && spec.max_vocabulary() > 0) {
    return Expected(path + ".max_vocabulary", expected, StrCat(spec.max_vocabulary()));
  }
  if (words && spec.max_vocabulary() > 0 && spec.max_vocabulary() <= kSpecialTokens.size()) {
    return Expected(path + ".max_vocabulary", StrCat("0 or more than ", kSpecialTokens.size()),
                    StrCat(spec.max_vocabulary()));
  }
  if (spec.max_vocabulary() > kMaxTokens) {
    return Expected(path + ".max_vocabulary", StrCat("at most ", kMaxTokens),
                    StrCat(spec.max_vocabulary()));
  }
  return absl::OkStatus();
}

std::vector<std::string> FitWords(const v1::TokenInput& input, const v1::TokenSpec& spec,
                                  std::span<const std::string_view> texts) {
  WordCounter counter(input);
  for (const std::string_view text : texts) counter.Add(text);
  return counter.Vocabulary(std::max(1u, spec.min_count()), spec.max_vocabulary());
}

std::vector<std::string> FitCharacters(const v1::TokenSpec& spec,
                                       std::span<const std::string_view> texts) {
  std::string all;
  for (const std::string_view text : texts) all += text;
  return TextCodec::FitCharacters(all, std::max(1u, spec.min_count()));
}

}  // namespace

StatusOr<v1::TokenInput> FitTokenInput(const std::string& path, const v1::TokenSpec& spec,
                                       std::span<const std::string_view> texts) {
  SEQ_ASSIGN_OR_RETURN(const size_t codec, CheckChoice(path + ".codec", spec.codec(), kCodecs));
  SEQ_RETURN_IF_ERROR(CheckKeys(path, kCodecs[codec], spec));
  v1::TokenInput input;
  input.set_codec(std::string(kCodecs[codec]));
  input.set_lowercase(spec.lowercase());
  input.set_line_ends(spec.line_ends());
  const std::vector<std::string> vocabulary =
      codec == 0 ? FitCharacters(spec, texts) : FitWords(input, spec, texts);
  input.mutable_vocabulary()->Assign(vocabulary.begin(), vocabulary.end());
  return input;
}

}  // namespace sequent
