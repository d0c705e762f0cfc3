#include "core/codec/sentencepiece_codec.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/codec/sentencepiece_normalizer.h"
#include "core/codec/sentencepiece_segmenter.h"
#include "core/codec/utf8_stream.h"
#include "core/model/sentencepiece_model.h"
#include "core/model/word_class.h"

namespace sequent {
namespace {

using Type = SentencePieceModel::Type;

constexpr size_t kMaxWordCodePoints = 64;
constexpr size_t kMaxNormalizedBytes = 1024;
// Of the word held back.
constexpr size_t kMaxHeldBytes = (kMaxWordCodePoints - 1) * 4;

bool BeginsWord(char32_t code_point) { return code_point == U'\u2581' || IsSpace(code_point); }

size_t CountCodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

// What the next word needs to know of the text before it.
struct Before {
  bool any = false;    // that there is some, other than white space that leaves no trace
  bool space = false;  // white space ended it that is not in a token yet
};

// The word held back, and while it is cut the one code point more that ends it.
class Word {
 public:
  void Append(std::string_view text) {
    std::copy(text.begin(), text.end(), bytes_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += text.size();
  }
  void Clear() { size_ = 0; }
  size_t size() const { return size_; }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  size_t size_ = 0;
  std::array<char, kMaxHeldBytes + 4> bytes_;
};

// That, and the word held back. As bytes: those of Utf8Stream; flags, 1 = any, 2 = space; the
// word's length; two zeros; the word; zeros.
struct Cut {
  static constexpr size_t kFlagsAt = 4, kLengthAt = 5, kUnusedAt = 6, kWordAt = 8;
  static constexpr size_t kStateBytes = kWordAt + kMaxHeldBytes;

  explicit Cut(const void* state) : stream(state) {
    const auto* bytes = static_cast<const char*>(state);
    before = {(bytes[kFlagsAt] & 1) != 0, (bytes[kFlagsAt] & 2) != 0};
    const size_t length = static_cast<uint8_t>(bytes[kLengthAt]);
    word.Append({bytes + kWordAt, std::min(length, kMaxHeldBytes)});
  }
  void Save(void* state) {
    auto* bytes = static_cast<char*>(state);
    std::memset(bytes, 0, kStateBytes);
    stream.Save(state);
    bytes[kFlagsAt] = static_cast<char>((before.any ? 1 : 0) | (before.space ? 2 : 0));
    bytes[kLengthAt] = static_cast<char>(word.size());
    std::memcpy(bytes + kWordAt, word.text().data(), word.size());
  }

  Utf8Stream stream;
  Before before;
  Word word;
};

// One per thread, so that encoding allocates nothing but tokens.
struct Scratch {
  Scratch() : segmenter(kMaxNormalizedBytes) {
    text.reserve(kMaxNormalizedBytes + kMaxReplacementBytes * kPieceSpace.size());
  }
  std::string text;
  SentencePieceSegmenter::Scratch segmenter;
};

Scratch* OfThread() {
  thread_local Scratch scratch;
  return &scratch;
}

Status Bad(std::string_view expected, std::string_view got) {
  return absl::DataLossError(StrCat("sentencepiece codec state: expected ", ToAbsl(expected),
                                    ", got '", Quoted(got), "'"));
}

bool IsHeldWord(std::string_view word) {
  if (!IsUtf8(word) || CountCodePoints(word) >= kMaxWordCodePoints) return false;
  for (size_t at = 0; at < word.size();) {
    const size_t size = Utf8Length(static_cast<uint8_t>(word[at]));
    if (at > 0 && BeginsWord(*DecodeCodePoint(word.substr(at, size)))) return false;
    at += size;
  }
  return true;
}

std::vector<std::string> Names(const SentencePieceModel& model) {
  std::vector<std::string> names;
  for (const SentencePieceModel::Piece& piece : model.pieces) names.push_back(piece.text);
  return names;
}

std::string WithSpaces(std::string_view piece) {
  std::string text;
  for (size_t at; (at = piece.find(kPieceSpace)) != piece.npos;) {
    text.append(piece.substr(0, at)).append(1, ' ');
    piece.remove_prefix(at + kPieceSpace.size());
  }
  return text.append(piece);
}

// What a token adds to a text.
std::vector<std::string> Texts(const SentencePieceModel& model) {
  std::vector<std::string> texts;
  for (const SentencePieceModel::Piece& piece : model.pieces) {
    texts.push_back(piece.type == Type::kUnknown   ? model.unknown_text
                    : piece.type == Type::kControl ? ""
                                                   : WithSpaces(piece.text));
  }
  return texts;
}

class SentencePieceCodec : public TextCodec {
 public:
  explicit SentencePieceCodec(SentencePieceModel model)
      : TextCodec(Names(model), model.unknown_text.size()),
        model_(std::move(model)),
        texts_(Texts(model_)),
        normalizer_(model_),
        segmenter_(model_) {}

  size_t state_size() const override { return Cut::kStateBytes; }
  Status ValidateState(const void* state) const override;
  size_t PendingBytes(const void* state) const override {
    const Cut cut(state);
    return cut.stream.size() + cut.word.size();
  }
  bool HoldsToken(const void* state) const override {
    Cut cut(state);
    std::vector<int32_t> tokens;
    EndWord(&cut, &tokens);
    return !tokens.empty();
  }
  size_t max_pending_tokens() const override { return kMaxHeldBytes + 1 + 3; }

  void Encode(void* state, std::string_view bytes, bool flush,
              std::vector<int32_t>* tokens) const override {
    Cut cut(state);
    Utf8Stream stream = cut.stream;
    stream.Decode(bytes, [&](std::string_view sequence) { Next(sequence, &cut, tokens); });
    if (flush) {
      EndWord(&cut, tokens);
      for (size_t i = 0; i < stream.size(); ++i) AddUnknown(&cut, tokens);
      stream.Clear();
    }
    cut.stream = stream;
    cut.Save(state);
  }

  std::string Text(int32_t, int32_t token) const override {
    return texts_[static_cast<size_t>(token)];
  }

 private:
  void Next(std::string_view sequence, Cut* cut, std::vector<int32_t>* tokens) const {
    if (sequence.empty()) {
      EndWord(cut, tokens);
      return AddUnknown(cut, tokens);
    }
    if (BeginsWord(*DecodeCodePoint(sequence))) EndWord(cut, tokens);
    cut->word.Append(sequence);
    if (cut->word.size() >= kMaxWordCodePoints &&
        CountCodePoints(cut->word.text()) == kMaxWordCodePoints) {
      EndWord(cut, tokens);
    }
  }

  void AddUnknown(Cut* cut, std::vector<int32_t>* tokens) const {
    tokens->push_back(model_.unknown);
    cut->before = {.any = true};
  }

  void EndWord(Cut* cut, std::vector<int32_t>* tokens) const;
  void Normalize(std::string_view word, bool dummy_prefix, Before* before, std::string* text) const;

  const SentencePieceModel model_;
  const std::vector<std::string> texts_;
  const SentencePieceNormalizer normalizer_;
  const SentencePieceSegmenter segmenter_;
};

void SentencePieceCodec::Normalize(std::string_view word, bool dummy_prefix, Before* before,
                                   std::string* text) const {
  text->clear();
  const auto add = [&](char c) {
    const bool space = c == ' ';
    if (space && model_.collapse_spaces) {
      before->space = before->any;
      return;
    }
    if (before->any ? before->space : dummy_prefix) *text += kPieceSpace;
    *before = {.any = true};
    space ? text->append(kPieceSpace) : text->append(1, c);
  };
  while (!word.empty() && text->size() <= kMaxNormalizedBytes) {
    const SentencePieceNormalizer::Prefix prefix = normalizer_.Next(word);
    for (const char c : prefix.replacement) add(c);
    word.remove_prefix(prefix.size);
  }
}

void SentencePieceCodec::EndWord(Cut* cut, std::vector<int32_t>* tokens) const {
  if (cut->word.size() == 0) return;
  const size_t before = tokens->size();
  const bool dummy_prefix = model_.dummy_prefix && !cut->before.any;
  Before after = cut->before;
  Scratch* const scratch = OfThread();
  const std::string& text = scratch->text;
  Normalize(cut->word.text(), dummy_prefix, &after, &scratch->text);
  if (text.size() <= kMaxNormalizedBytes) {
    segmenter_.Segment(text, &scratch->segmenter, tokens);
  }
  const size_t most = cut->word.size() + (dummy_prefix ? 1 : 0);
  if (text.size() > kMaxNormalizedBytes || tokens->size() - before > most) {
    tokens->resize(before);
    AddUnknown(cut, tokens);
  } else {
    cut->before = after;
  }
  cut->word.Clear();
}

Status SentencePieceCodec::ValidateState(const void* state) const {
  SEQ_RETURN_IF_ERROR(Utf8Stream::Validate(state));
  const std::string_view bytes(static_cast<const char*>(state), Cut::kStateBytes);
  const uint8_t flags = static_cast<uint8_t>(bytes[Cut::kFlagsAt]);
  if (flags > 1 && !(flags == 3 && model_.collapse_spaces)) {
    return Bad("flags of this model", bytes);
  }
  const size_t length = static_cast<uint8_t>(bytes[Cut::kLengthAt]);
  if (length > kMaxHeldBytes || !IsHeldWord(bytes.substr(Cut::kWordAt, length))) {
    return Bad("one word of fewer than 64 code points", bytes);
  }
  const std::string_view unused = bytes.substr(Cut::kUnusedAt, 2),
                         rest = bytes.substr(Cut::kWordAt + length);
  if (unused.find_first_not_of('\0') != unused.npos || rest.find_first_not_of('\0') != rest.npos) {
    return Bad("zeros around the word", bytes);
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::unique_ptr<const TextCodec>> MakeSentencePieceCodec(const v1::TokenInput& input) {
  SEQ_ASSIGN_OR_RETURN(SentencePieceModel model,
                       SentencePieceModel::Parse("tokens.asset", input.asset_data()));
  return std::unique_ptr<const TextCodec>(std::make_unique<SentencePieceCodec>(std::move(model)));
}

}  // namespace sequent
