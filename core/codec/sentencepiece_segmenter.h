// A word cut into the pieces of a SentencePiece model.
//
// Unigram: the cut whose pieces have the highest sum of scores (Kudo 2018, arXiv:1804.10959),
// found by dynamic programming over the ends of pieces. BPE: the neighbours that make the piece of
// the highest score are joined until none do (Sennrich et al. 2016, arXiv:1508.07909). Ties,
// unknown characters, unused and user defined pieces as in SentencePiece 0.1.97.
//
// Thread safety: immutable.
#ifndef SEQUENT_CORE_CODEC_SENTENCEPIECE_SEGMENTER_H_
#define SEQUENT_CORE_CODEC_SENTENCEPIECE_SEGMENTER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/sentencepiece_model.h"

namespace sequent {

class SentencePieceSegmenter {
 public:
  // Room to work in: with one that is kept, texts of at most `bytes` are cut without allocating.
  class Scratch {
   public:
    explicit Scratch(size_t bytes);

   private:
    friend class SentencePieceSegmenter;
    struct Best {
      float score;    // of the best cut that ends here
      size_t begin;   // of its last piece; the most there is: none yet
      int32_t piece;  // its last
    };
    struct Symbol {
      std::string_view text;
      bool frozen;  // user defined: joined with nothing
    };
    struct Joint {
      std::string_view left, right;  // they follow each other
    };
    std::vector<Best> best_;
    std::vector<Symbol> symbols_;
    std::vector<int32_t> joined_;  // the piece of symbols i and i + 1
    std::vector<Joint> unused_;    // what unused pieces were joined from
    std::vector<std::string_view> rest_;
  };

  // `model` must outlive this.
  explicit SentencePieceSegmenter(const SentencePieceModel& model);

  // Appends the tokens of `text`, valid UTF-8 with U+2581 for spaces; at most one per code point.
  // Characters in a row that no piece spells are one unknown token together. Time: its square.
  void Segment(std::string_view text, Scratch* scratch, std::vector<int32_t>* tokens) const;

 private:
  using Symbol = Scratch::Symbol;
  static constexpr int32_t kNone = -1;

  void SegmentUnigram(std::string_view text, Scratch* scratch, std::vector<int32_t>* tokens) const;
  void SegmentBpe(std::string_view text, Scratch* scratch, std::vector<int32_t>* tokens) const;
  // The piece of that text which a text can have; kNone if there is none.
  int32_t Find(std::string_view text) const;
  int32_t FindJoined(const Symbol& left, const Symbol& right) const;
  void Split(std::string_view text, std::vector<Symbol>* symbols) const;
  void Join(Scratch* scratch) const;
  bool IsOf(int32_t piece, SentencePieceModel::Type type) const {
    return model_.pieces[static_cast<size_t>(piece)].type == type;
  }
  double Score(int32_t piece, size_t bytes) const;

  const SentencePieceModel& model_;
  // Keys point into the model.
  std::unordered_map<std::string_view, int32_t> piece_of_;
  size_t longest_ = 0;  // bytes of a piece
  size_t longest_user_defined_ = 0;
  float lowest_ = 0, highest_ = 0;  // scores of normal pieces
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_SENTENCEPIECE_SEGMENTER_H_
