#include "trainer/text_input.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/file.h"
#include "core/codec/text_codec.h"
#include "core/codec/word_codec.h"
#include "core/model/assets.h"
#include "core/model/config_check.h"
#include "core/model/input_check.h"
#include "core/model/sentencepiece_model.h"
#include "trainer/sentencepiece_learner.h"

namespace sequent {
namespace {

constexpr std::array<std::string_view, 4> kCodecs = {"characters", "words", "list",
                                                     "sentencepiece"};

// Keys of learning pieces, which say nothing where none are learned.
Status CheckLearning(const std::string& path, bool pieces, const v1::TokenSpec& spec) {
  const double coverage = spec.character_coverage();
  if (!(coverage >= 0 && coverage <= 1)) {
    return Expected(path + ".character_coverage", "more than 0, at most 1", StrCat(coverage));
  }
  if (!pieces && coverage != 0) {
    return Expected(path + ".character_coverage",
                    StrCat("none with codec ", spec.codec().empty() ? "characters" : spec.codec()),
                    StrCat(coverage));
  }
  if (spec.sentencepiece_model().empty()) return absl::OkStatus();
  if (spec.max_vocabulary() > 0) {
    return Expected(path + ".max_vocabulary", "none beside sentencepiece_model",
                    StrCat(spec.max_vocabulary()));
  }
  if (coverage == 0) return absl::OkStatus();
  return Expected(path + ".character_coverage", "none beside sentencepiece_model",
                  StrCat(coverage));
}

// Keys that the codec does not read are refused rather than ignored.
Status CheckKeys(const std::string& path, std::string_view codec, const v1::TokenSpec& spec) {
  const bool words = codec == "words" || codec == "list";
  const std::string expected = StrCat("none with codec ", ToAbsl(codec));
  if (!words && spec.lowercase()) return Expected(path + ".lowercase", expected, "true");
  if (!words && spec.line_ends()) return Expected(path + ".line_ends", expected, "true");
  const bool pieces = codec == "sentencepiece";
  if (!words && !pieces && spec.max_vocabulary() > 0) {
    return Expected(path + ".max_vocabulary", expected, StrCat(spec.max_vocabulary()));
  }
  if (words && spec.max_vocabulary() > 0 && spec.max_vocabulary() <= kSpecialTokens.size()) {
    return Expected(path + ".max_vocabulary", StrCat("0 or more than ", kSpecialTokens.size()),
                    StrCat(spec.max_vocabulary()));
  }
  if (pieces && spec.min_count() > 0) {
    return Expected(path + ".min_count", expected, StrCat(spec.min_count()));
  }
  if (!pieces && !spec.sentencepiece_model().empty()) {
    return Expected(path + ".sentencepiece_model", expected,
                    StrCat("'", spec.sentencepiece_model(), "'"));
  }
  SEQ_RETURN_IF_ERROR(CheckLearning(path, pieces, spec));
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

// A file's model, `known`, or one that is learned.
StatusOr<std::string> PiecesFor(const std::string& path, const v1::TokenSpec& spec,
                                std::span<const std::string_view> texts, std::string_view known) {
  if (!spec.sentencepiece_model().empty()) {
    auto bytes = ReadFile(spec.sentencepiece_model());
    if (bytes.ok()) return bytes;
    return absl::InvalidArgumentError(
        StrCat(path, ".sentencepiece_model: ", bytes.status().message()));
  }
  if (!known.empty()) return std::string(known);
  SentencePieceOptions options;
  if (spec.max_vocabulary() > 0) options.max_vocabulary = spec.max_vocabulary();
  if (spec.character_coverage() > 0) options.character_coverage = spec.character_coverage();
  auto learned = LearnSentencePieces(options, texts);
  if (learned.ok()) return learned;
  return Status(learned.status().code(), StrCat(path, ": ", learned.status().message()));
}

Status FitPieces(const std::string& path, const v1::TokenSpec& spec,
                 std::span<const std::string_view> texts, std::string_view known,
                 v1::TokenInput* input) {
  SEQ_ASSIGN_OR_RETURN(std::string bytes, PiecesFor(path, spec, texts, known));
  if (bytes.empty() || bytes.size() > kMaxAssetBytes) {
    return Expected(path + ".sentencepiece_model", StrCat("1 to ", kMaxAssetBytes, " bytes"),
                    StrCat(bytes.size()));
  }
  SEQ_ASSIGN_OR_RETURN(const SentencePieceModel model,
                       SentencePieceModel::Parse(path + ".sentencepiece_model", bytes));
  input->set_asset(std::string("sentencepiece"));
  input->set_size(static_cast<uint32_t>(model.pieces.size()));
  input->set_asset_data(std::move(bytes));
  return absl::OkStatus();
}

}  // namespace

StatusOr<v1::TokenInput> FitTokenInput(const std::string& path, const v1::TokenSpec& spec,
                                       std::span<const std::string_view> texts,
                                       std::string_view known_pieces) {
  SEQ_ASSIGN_OR_RETURN(const size_t codec, CheckChoice(path + ".codec", spec.codec(), kCodecs));
  SEQ_RETURN_IF_ERROR(CheckKeys(path, kCodecs[codec], spec));
  v1::TokenInput input;
  input.set_codec(std::string(kCodecs[codec]));
  if (kCodecs[codec] == "sentencepiece") {
    SEQ_RETURN_IF_ERROR(FitPieces(path, spec, texts, known_pieces, &input));
    return input;
  }
  input.set_lowercase(spec.lowercase());
  input.set_line_ends(spec.line_ends());
  const std::vector<std::string> vocabulary =
      codec == 0 ? FitCharacters(spec, texts) : FitWords(input, spec, texts);
  input.mutable_vocabulary()->Assign(vocabulary.begin(), vocabulary.end());
  return input;
}

}  // namespace sequent
