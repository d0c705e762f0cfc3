// SentencePiece models learned from texts, by a program of its own beside sequent-train,
// lib/sequent/sequent_sentencepiece: the SentencePiece library brings an older copy of Protobuf
// along, whose symbols clash with ours in one process; and where it aborts, sequent-train does not.
//
// Thread safety: a pure function; it starts a process and waits for it.
#ifndef SEQUENT_TRAINER_SENTENCEPIECE_LEARNER_H_
#define SEQUENT_TRAINER_SENTENCEPIECE_LEARNER_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace sequent {

struct SentencePieceOptions {
  size_t max_vocabulary = 2000;   // pieces at most
  double character_coverage = 1;  // share of the characters that the pieces can spell
};

// A serialised unigram model without normalisation: piece 0 is <unk>, then a piece for each kind of
// white space in the texts but the space, which begins pieces. The same texts and options give the
// same bytes. INVALID_ARGUMENT: what the library refuses, with its words. DATA_LOSS: texts without
// a word. UNIMPLEMENTED: the program is not there.
StatusOr<std::string> LearnSentencePieces(const SentencePieceOptions& options,
                                          std::span<const std::string_view> texts);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_SENTENCEPIECE_LEARNER_H_
