#include "tests/support/pieces.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/model/sentencepiece_model.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

std::string WithPieceSpaces(std::string text) {
  for (size_t at; (at = text.find('_')) != text.npos;) {
    text.replace(at, 1, std::string(kPieceSpace));
  }
  return text;
}

}  // namespace

v1::SentencePieceProto Pieces(const std::vector<std::string>& pieces) {
  v1::SentencePieceProto model;
  v1::SentencePieceEntry* unknown = model.add_pieces();
  unknown->set_piece("<unk>");
  unknown->set_type(2);
  float score = -1;
  for (const std::string& piece : pieces) {
    v1::SentencePieceEntry* entry = model.add_pieces();
    entry->set_piece(WithPieceSpaces(piece));
    entry->set_score(score);
    score -= 0.5f;
  }
  model.mutable_normalizer_spec()->set_add_dummy_prefix(false);
  model.mutable_normalizer_spec()->set_remove_extra_whitespaces(false);
  return model;
}

v1::TokenInput PieceInput(const v1::SentencePieceProto& pieces) {
  v1::TokenInput input;
  input.set_codec("sentencepiece");
  input.set_size(static_cast<uint32_t>(pieces.pieces_size()));
  input.set_asset("sentencepiece");
  input.set_asset_data(pieces.SerializeAsString());
  return input;
}

// Units of the double array: the root, whose children stand at 1 ^ byte; the byte's, which has a
// leaf, the value 0, at 258 ^ its own place.
std::string OneRule(char from, const std::string& to) {
  const uint32_t byte = static_cast<uint8_t>(from);
  std::vector<uint32_t> units(260, 0);
  units[0] = 1u << 10;
  const uint32_t at = 1u ^ byte, leaf = at ^ 258u;
  units.resize(std::max<size_t>(units.size(), leaf + 1));
  units[at] = 258u << 10 | 1u << 8 | byte;
  units[leaf] = 1u << 31;
  const uint32_t bytes = static_cast<uint32_t>(units.size() * sizeof(uint32_t));
  std::string map(sizeof(bytes) + bytes, '\0');
  std::memcpy(map.data(), &bytes, sizeof(bytes));
  std::memcpy(map.data() + sizeof(bytes), units.data(), bytes);
  return map + to + '\0';
}

ModelContents TinyPieceModel() {
  v1::ModelConfig config;
  config.set_task("language_model");
  v1::Input* input = config.add_inputs();
  input->set_name("input");
  std::vector<std::string> pieces = {"_the", "_beginn", "in", "_g", "od", "ing",
                                     "th",   "_",       "\n", ",",  "."};
  for (char c = 'a'; c <= 'z'; ++c) pieces.push_back(std::string(1, c));
  *input->mutable_tokens() = PieceInput(Pieces(pieces));
  AddEmbedding(&config, "embedding", 8);
  AddGru(&config, "gru", 16);
  AddSoftmax(&config, "next");
  config.mutable_feedback()->set_head("next");
  return RandomModel(config, 4);
}

}  // namespace sequent
