#include "core/codec/sentencepiece_segmenter.h"

#include <algorithm>
#include <limits>

#include "core/model/utf8.h"

namespace sequent {
namespace {

using Type = SentencePieceModel::Type;

// What an unknown character costs below the rarest piece.
constexpr float kUnknownPenalty = 10;

size_t LengthAt(std::string_view text, size_t at) {
  return Utf8Length(static_cast<uint8_t>(text[at]));
}

constexpr size_t kNoBegin = std::numeric_limits<size_t>::max();

}  // namespace

SentencePieceSegmenter::Scratch::Scratch(size_t bytes) {
  best_.reserve(bytes + 1);
  symbols_.reserve(bytes);
  joined_.reserve(bytes);
  unused_.reserve(bytes);
  rest_.reserve(bytes);
}

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

void SentencePieceSegmenter::Segment(std::string_view text, Scratch* scratch,
                                     std::vector<int32_t>* tokens) const {
  if (text.empty()) return;
  const size_t before = tokens->size();
  model_.bpe ? SegmentBpe(text, scratch, tokens) : SegmentUnigram(text, scratch, tokens);
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

void SentencePieceSegmenter::SegmentUnigram(std::string_view text, Scratch* scratch,
                                            std::vector<int32_t>* tokens) const {
  std::vector<Scratch::Best>& best = scratch->best_;
  best.assign(text.size() + 1, {0, kNoBegin, 0});
  const auto offer = [&best](size_t begin, size_t end, int32_t piece, double score) {
    Scratch::Best& there = best[end];
    const double sum = score + best[begin].score;
    if (there.begin != kNoBegin && !(sum > there.score)) return;
    there = {static_cast<float>(sum), begin, piece};
  };
  for (size_t begin = 0, next; begin < text.size(); begin = next) {
    next = begin + LengthAt(text, begin);
    bool spelled = false;  // the character by itself
    for (size_t end = next; end - begin <= longest_; end += LengthAt(text, end)) {
      const int32_t piece = Find(text.substr(begin, end - begin));
      if (piece != kNone && !IsOf(piece, Type::kUnused)) {
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
void SentencePieceSegmenter::Split(std::string_view text, std::vector<Symbol>* symbols) const {
  symbols->clear();
  while (!text.empty()) {
    Symbol symbol = {text.substr(0, LengthAt(text, 0)), false};
    for (size_t size = std::min(longest_user_defined_, text.size()); size > 0; --size) {
      const int32_t piece = Find(text.substr(0, size));
      if (piece == kNone || !IsOf(piece, Type::kUserDefined)) continue;
      symbol = {text.substr(0, size), true};
      break;
    }
    text.remove_prefix(symbol.text.size());
    symbols->push_back(symbol);
  }
}

int32_t SentencePieceSegmenter::FindJoined(const Symbol& left, const Symbol& right) const {
  if (left.frozen || right.frozen) return kNone;
  return Find({left.text.data(), left.text.size() + right.text.size()});
}

// Joins the symbols until no two neighbours make a piece.
void SentencePieceSegmenter::Join(Scratch* scratch) const {
  std::vector<Symbol>& symbols = scratch->symbols_;
  std::vector<int32_t>& joined = scratch->joined_;
  joined.clear();
  for (size_t i = 0; i + 1 < symbols.size(); ++i) {
    joined.push_back(FindJoined(symbols[i], symbols[i + 1]));
  }
  scratch->unused_.clear();
  const auto score = [this](int32_t piece) {
    return model_.pieces[static_cast<size_t>(piece)].score;
  };
  for (;;) {
    size_t at = joined.size();
    for (size_t i = 0; i < joined.size(); ++i) {
      if (joined[i] == kNone) continue;
      if (at == joined.size() || score(joined[i]) > score(joined[at])) at = i;
    }
    if (at == joined.size()) return;
    Symbol& left = symbols[at];
    const Symbol right = symbols[at + 1];
    if (IsOf(joined[at], Type::kUnused)) scratch->unused_.push_back({left.text, right.text});
    left.text = {left.text.data(), left.text.size() + right.text.size()};
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(at) + 1);
    joined.erase(joined.begin() + static_cast<ptrdiff_t>(at));
    if (at > 0) joined[at - 1] = FindJoined(symbols[at - 1], symbols[at]);
    if (at < joined.size()) joined[at] = FindJoined(symbols[at], symbols[at + 1]);
  }
}

void SentencePieceSegmenter::SegmentBpe(std::string_view text, Scratch* scratch,
                                        std::vector<int32_t>* tokens) const {
  Split(text, &scratch->symbols_);
  Join(scratch);
  std::vector<std::string_view>& rest = scratch->rest_;  // the first one last
  rest.clear();
  for (auto symbol = scratch->symbols_.rbegin(); symbol != scratch->symbols_.rend(); ++symbol) {
    rest.push_back(symbol->text);
  }
  while (!rest.empty()) {
    const std::string_view whole = rest.back();
    rest.pop_back();
    const int32_t token = Find(whole);
    if (token != kNone && IsOf(token, Type::kUnused)) {
      const auto joint = std::find_if(scratch->unused_.begin(), scratch->unused_.end(),
                                      [whole](const Scratch::Joint& one) {
                                        return one.left.data() == whole.data() &&
                                               one.left.size() + one.right.size() == whole.size();
                                      });
      if (joint != scratch->unused_.end()) {
        rest.push_back(joint->right);
        rest.push_back(joint->left);
        continue;
      }
    }
    tokens->push_back(token == kNone ? model_.unknown : token);
  }
}

}  // namespace sequent
