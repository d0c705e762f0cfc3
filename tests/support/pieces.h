// SentencePiece models made by hand, for tests.
#ifndef SEQUENT_TESTS_SUPPORT_PIECES_H_
#define SEQUENT_TESTS_SUPPORT_PIECES_H_

#include <string>
#include <vector>

#include "core/model/model_file.h"
#include "sequent/v1/model.pb.h"
#include "sequent/v1/sentencepiece.pb.h"

namespace sequent {

// "<unk>", then these with falling scores, -1, -1.5, ...; no normaliser, nothing put before the
// text, no white space collapsed. "_" stands for U+2581.
v1::SentencePieceProto Pieces(const std::vector<std::string>& pieces);

// Of a codec with this model.
v1::TokenInput PieceInput(const v1::SentencePieceProto& pieces);

// The bytes of a normaliser that turns the byte `from` into `to`.
std::string OneRule(char from, const std::string& to);

// Pieces of "in the beginning god", line breaks and single letters; embedding 8, gru 16, softmax
// "next", fed back.
ModelContents TinyPieceModel();

}  // namespace sequent

#endif  // SEQUENT_TESTS_SUPPORT_PIECES_H_
