#include "core/codec/word_codec.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "core/codec/word_cutter.h"
#include "core/model/input_check.h"

namespace sequent {
namespace {

constexpr int32_t kPad = 0, kUnknown = 1, kBegin = 2, kEnd = 3;

WordRules RulesOf(const v1::TokenInput& input) {
  return {.spaced = input.codec() == "list",
          .lowercase = input.lowercase(),
          .line_ends = input.line_ends()};
}

// No space stands before these, after those; English habits.
bool HugsLeft(std::string_view text) {
  static constexpr std::array<std::string_view, 17> kMarks = {
      ".", ",", ";", ":", "!",      "?",      ")",      "]",     "}",
      "'", "%", "-", "/", "\u2019", "\u201d", "\u2026", "\u2013"};
  return std::find(kMarks.begin(), kMarks.end(), text) != kMarks.end();
}

bool HugsRight(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMarks = {
      "(", "[", "{", "-", "/", "#", "$", "@", "\u2018", "\u201c", "\u00a3", "\u2013"};
  return std::find(kMarks.begin(), kMarks.end(), text) != kMarks.end();
}

class WordCodec : public TextCodec {
 public:
  explicit WordCodec(const v1::TokenInput& input)
      : TextCodec({input.vocabulary().begin(), input.vocabulary().end()}, 1),
        rules_(RulesOf(input)) {
    for (size_t i = kSpecialTokens.size(); i < size(); ++i) {
      token_of_.emplace(vocabulary()[i], static_cast<int32_t>(i));
    }
  }

  size_t state_size() const override { return WordCutter::kStateBytes; }
  Status ValidateState(const void* state) const override {
    return WordCutter::Validate(rules_, state);
  }
  size_t PendingBytes(const void* state) const override {
    return WordCutter(rules_, state).PendingBytes();
  }
  bool HoldsToken(const void* state) const override {
    return WordCutter(rules_, state).HoldsWord();
  }
  size_t max_pending_tokens() const override { return WordCutter::kMaxPending; }

  void Encode(void* state, std::string_view bytes, bool flush,
              std::vector<int32_t>* tokens) const override {
    WordCutter cutter(rules_, state);
    const auto take = [&](std::string_view word) { tokens->push_back(TokenOf(word)); };
    cutter.Cut(bytes, take);
    if (flush) cutter.Flush(take);
    cutter.Save(state);
  }

  std::string Text(int32_t previous, int32_t token) const override {
    if (token == kPad || token == kBegin) return "";
    if (token == kEnd) return "\n";
    const std::string& text = TokenText(token);
    return HasSpaceBetween(previous, text) ? " " + text : text;
  }

 private:
  int32_t TokenOf(std::string_view word) const {
    if (word == WordCutter::kLineEnd) return kEnd;
    const auto found = token_of_.find(word);
    return found == token_of_.end() ? kUnknown : found->second;
  }

  bool HasSpaceBetween(int32_t previous, std::string_view text) const {
    if (previous == kPad || previous == kBegin || previous == kEnd) return false;
    if (rules_.spaced) return true;
    if (HugsLeft(text)) return false;
    return previous == kNoToken || !HugsRight(TokenText(previous));
  }

  const WordRules rules_;
  // Keys point into the vocabulary.
  std::unordered_map<std::string_view, int32_t> token_of_;
};

}  // namespace

std::unique_ptr<const TextCodec> MakeWordCodec(const v1::TokenInput& input) {
  return std::make_unique<WordCodec>(input);
}

struct WordCounter::Counts {
  WordRules rules;
  std::unordered_map<std::string, uint64_t> of;
};

WordCounter::WordCounter(const v1::TokenInput& input) : counts_(std::make_unique<Counts>()) {
  counts_->rules = RulesOf(input);
}

WordCounter::~WordCounter() = default;

void WordCounter::Add(std::string_view text) {
  const std::array<char, WordCutter::kStateBytes> nothing = {};
  WordCutter cutter(counts_->rules, nothing.data());
  const auto take = [&](std::string_view word) {
    if (word.empty() || word == WordCutter::kLineEnd) return;
    ++counts_->of[std::string(word)];
  };
  cutter.Cut(text, take);
  cutter.Flush(take);
}

std::vector<std::string> WordCounter::Vocabulary(uint64_t min_count, size_t max_size) const {
  std::vector<std::pair<uint64_t, std::string>> kept;
  for (const auto& [word, count] : counts_->of) {
    const bool special =
        std::find(kSpecialTokens.begin(), kSpecialTokens.end(), word) != kSpecialTokens.end();
    if (count >= min_count && !special) kept.emplace_back(count, word);
  }
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<std::string> vocabulary(kSpecialTokens.begin(), kSpecialTokens.end());
  for (auto& [count, word] : kept) {
    if (max_size > 0 && vocabulary.size() >= max_size) break;
    vocabulary.push_back(std::move(word));
  }
  return vocabulary;
}

}  // namespace sequent
