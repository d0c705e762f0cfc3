#include "core/codec/sentencepiece_segmenter.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/model/utf8.h"

namespace sequent {
namespace {

using Type = SentencePieceModel::Type;

// What an unknown character costs below the rarest piece.
constexpr float kUnknownPenalty = 10;

size_t LengthAt(std::string_view text, size_t at) {
  return Utf8Length(static_cast<uint8_t>(text[at]));
}

}  // namespace

SentencePieceSegmenter::SentencePieceSegmenter(const SentencePieceModel& model) : model_(model) {
  bool first = true;
  for (size_t i = 0; i < model.pieces.size(); ++i) {
    const SentencePieceModel::Piece& piece = model.pieces[i];
    if (piece.type == Type::kUnknown || piece.type == Type::kControl) continue;
    piece_of_.emplace(piece.text, static_cast<int32_t>(i));
    longest_ = std::max(longest_, piece.text.size());
    if (piece.type == Type::kUserDefined) {
      longest_user_defined_ = std::max(longest_user_defined_, piece.text.size());
    }
    if (piece.type != Type::kNormal) continue;
    lowest_ = first ? piece.score : std::min(lowest_, piece.score);
    highest_ = first ? piece.score : std::max(highest_, piece.score);
    first = false;
  }
}

void SentencePieceSegmenter::Segment(std::string_view text, std::vector<int32_t>* tokens) const {
  if (text.empty()) return;
  const size_t before = tokens->size();
  model_.bpe ? SegmentBpe(text, tokens) : SegmentUnigram(text, tokens);
  const auto begin = tokens->begin() + static_cast<ptrdiff_t>(before);
  tokens->erase(std::unique(begin, tokens->end(),
                            [this](int32_t a, int32_t b) {
                              return a == model_.unknown && b == model_.unknown;
                            }),
                tokens->end());
}

int32_t SentencePieceSegmenter::Find(std::string_view text) const {
  if (text.size() > longest_) return kNone;
  const auto found = piece_of_.find(text);
  return found == piece_of_.end() ? kNone : found->second;
}

// A user defined piece of several characters is worth more than any other cut.
double SentencePieceSegmenter::Score(int32_t piece, size_t bytes) const {
  const SentencePieceModel::Piece& entry = model_.pieces[static_cast<size_t>(piece)];
  if (entry.type != Type::kUserDefined) return entry.score;
  return static_cast<float>(bytes) * highest_ - 0.1;
}

void SentencePieceSegmenter::SegmentUnigram(std::string_view text,
                                            std::vector<int32_t>* tokens) const {
  struct Best {
    float score = 0;                                    // of the best cut that ends here
    size_t begin = std::numeric_limits<size_t>::max();  // of its last piece; the most: none yet
    int32_t piece = 0;
  };
  std::vector<Best> best(text.size() + 1);
  const auto offer = [&best](size_t begin, size_t end, int32_t piece, double score) {
    Best& there = best[end];
    const double sum = score + best[begin].score;
    if (there.begin != std::numeric_limits<size_t>::max() && !(sum > there.score)) return;
    there = {static_cast<float>(sum), begin, piece};
  };
  for (size_t begin = 0, next; begin < text.size(); begin = next) {
    next = begin + LengthAt(text, begin);
    bool spelled = false;  // the character by itself
    for (size_t end = next; end - begin <= longest_; end += LengthAt(text, end)) {
      const int32_t piece = Find(text.substr(begin, end - begin));
      if (piece != kNone && model_.pieces[static_cast<size_t>(piece)].type != Type::kUnused) {
        offer(begin, end, piece, Score(piece, end - begin));
        spelled = spelled || end == next;
      }
      if (end == text.size()) break;
    }
    if (!spelled) offer(begin, next, model_.unknown, lowest_ - kUnknownPenalty);
  }
  const size_t before = tokens->size();
  for (size_t end = text.size(); end > 0; end = best[end].begin) {
    tokens->push_back(best[end].piece);
  }
  std::reverse(tokens->begin() + static_cast<ptrdiff_t>(before), tokens->end());
}

// Its characters, user defined pieces whole.
std::vector<SentencePieceSegmenter::Symbol> SentencePieceSegmenter::Symbols(
    std::string_view text) const {
  std::vector<Symbol> symbols;
  while (!text.empty()) {
    Symbol symbol = {text.substr(0, LengthAt(text, 0))};
    for (size_t size = std::min(longest_user_defined_, text.size()); size > 0; --size) {
      const int32_t piece = Find(text.substr(0, size));
      if (piece == kNone || model_.pieces[static_cast<size_t>(piece)].type != Type::kUserDefined) {
        continue;
      }
      symbol = {text.substr(0, size), true};
      break;
    }
    text.remove_prefix(symbol.text.size());
    symbols.push_back(symbol);
  }
  return symbols;
}

int32_t SentencePieceSegmenter::FindJoined(const Symbol& left, const Symbol& right) const {
  if (left.frozen || right.frozen) return kNone;
  return Find({left.text.data(), left.text.size() + right.text.size()});
}

void SentencePieceSegmenter::SegmentBpe(std::string_view text, std::vector<int32_t>* tokens) const {
  std::vector<Symbol> symbols = Symbols(text);
  // joined[i]: of symbols i and i + 1.
  std::vector<int32_t> joined(symbols.size() - 1);
  for (size_t i = 0; i < joined.size(); ++i) joined[i] = FindJoined(symbols[i], symbols[i + 1]);
  // What an unused piece was joined from, to be taken apart again.
  std::unordered_map<std::string_view, std::pair<std::string_view, std::string_view>> parts;
  const auto score = [this](int32_t piece) {
    return model_.pieces[static_cast<size_t>(piece)].score;
  };
  for (;;) {
    size_t at = joined.size();
    for (size_t i = 0; i < joined.size(); ++i) {
      if (joined[i] == kNone) continue;
      if (at == joined.size() || score(joined[i]) > score(joined[at])) at = i;
    }
    if (at == joined.size()) break;
    Symbol& left = symbols[at];
    const Symbol right = symbols[at + 1];
    const std::string_view whole(left.text.data(), left.text.size() + right.text.size());
    if (model_.pieces[static_cast<size_t>(joined[at])].type == Type::kUnused) {
      parts[whole] = {left.text, right.text};
    }
    left.text = whole;
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(at) + 1);
    joined.erase(joined.begin() + static_cast<ptrdiff_t>(at));
    if (at > 0) joined[at - 1] = FindJoined(symbols[at - 1], symbols[at]);
    if (at < joined.size()) joined[at] = FindJoined(symbols[at], symbols[at + 1]);
  }
  std::vector<std::string_view> rest;  // the first one last
  for (auto symbol = symbols.rbegin(); symbol != symbols.rend(); ++symbol) {
    rest.push_back(symbol->text);
  }
  while (!rest.empty()) {
    const std::string_view piece = rest.back();
    rest.pop_back();
    const int32_t token = Find(piece);
    const auto found = parts.find(piece);
    if (token != kNone && found != parts.end()) {
      rest.push_back(found->second.second);
      rest.push_back(found->second.first);
      continue;
    }
    tokens->push_back(token == kNone ? model_.unknown : token);
  }
}

}  // namespace sequent
