// Bad model files whose vocabulary is an asset, a SentencePiece model.
#include <functional>

#include "core/model/config_json.h"
#include "tests/core/model/bad_files.h"
#include "tests/support/model_bytes.h"
#include "tests/support/pieces.h"

namespace sequent {
namespace {

constexpr char kAsset[] = "asset.sentencepiece";

BadFile Spoiled(const std::string& name, const std::string& message,
                const std::function<void(ModelBytes*)>& spoil) {
  ModelBytes bytes = ModelBytes::Of(TinyPieceModel());
  spoil(&bytes);
  return {name, bytes.Build(), message};
}

// Another content of the asset, which stands last in the data.
void SetAsset(ModelBytes* file, const std::string& bytes) {
  StoredTensor* asset = file->tensor(kAsset);
  file->data.resize(asset->begin);
  file->data += bytes;
  asset->end = file->data.size();
  asset->shape = {bytes.size()};
}

BadFile OtherAsset(const std::string& name, const std::string& message, const std::string& bytes) {
  return Spoiled(name, message, [&](ModelBytes* b) { SetAsset(b, bytes); });
}

BadFile OtherConfig(const std::string& name, const std::string& message,
                    const std::function<void(v1::TokenInput*)>& edit) {
  return Spoiled(name, message, [&](ModelBytes* b) {
    v1::ModelConfig config = ConfigFromJson(b->metadata["sequent.config"]).value();
    edit(config.mutable_inputs(0)->mutable_tokens());
    b->metadata["sequent.config"] = ConfigToJson(config).value();
  });
}

// A model of as many pieces as the good one.
v1::SentencePieceProto Good() {
  v1::SentencePieceProto pieces;
  pieces.ParseFromString(TinyPieceModel().config.inputs(0).tokens().asset_data());
  return pieces;
}

}  // namespace

std::vector<BadFile> BadAssetFiles() {
  v1::SentencePieceProto crossing = Good(), more = Good();
  crossing.mutable_pieces(1)->set_piece("of\u2581the");
  more.add_pieces()->set_piece("more");
  const std::string good = Good().SerializeAsString();
  return {
      Spoiled("AssetMissing",
              "tensor 'asset.sentencepiece': expected the asset that inputs[0].tokens names, got "
              "no such tensor",
              [](ModelBytes* b) {
                b->data.resize(b->tensor(kAsset)->begin);
                b->tensors.pop_back();
              }),
      Spoiled("AssetOfNumbers", "tensor 'asset.sentencepiece': expected dtype U8 and one dimension",
              [](ModelBytes* b) { b->tensor(kAsset)->dtype = "I8"; }),
      Spoiled("AssetOfTwoDimensions", "expected dtype U8 and one dimension, as it is an asset, got",
              [](ModelBytes* b) { b->tensor(kAsset)->shape.push_back(1); }),
      Spoiled("AssetNamedByNobody", "tensor 'asset.more': expected only assets that the",
              [](ModelBytes* b) {
                b->tensors.push_back({"asset.more", "U8", {1}, b->data.size(), b->data.size() + 1});
                b->data += 'x';
              }),
      OtherAsset("AssetEmpty", "tensor 'asset.sentencepiece': expected 1 to 16777216 bytes, got 0",
                 ""),
      OtherAsset("AssetNoModel", "inputs[0].tokens.asset: expected a SentencePiece model, got 16",
                 "It was the best "),
      OtherAsset("AssetHalfAModel", "tokens.asset: expected a SentencePiece model, got",
                 good.substr(0, good.size() / 2 + 1)),
      OtherAsset("AssetOfPiecesAcrossWords",
                 "tokens.asset.pieces[1]: expected no white space or U+2581 behind the first",
                 crossing.SerializeAsString()),
      OtherAsset("AssetOfOtherSize",
                 "tokens.size: expected the 39 pieces of the SentencePiece model, got 38",
                 more.SerializeAsString()),
      OtherConfig("AssetWithoutAName", "'asset.sentencepiece': expected only assets that",
                  [](v1::TokenInput* tokens) { tokens->clear_asset(); }),
      OtherConfig("AssetOfAnotherName", "tensor 'asset.other': expected the asset that inputs[0]",
                  [](v1::TokenInput* tokens) { tokens->set_asset("other"); }),
      OtherConfig("AssetInTheConfiguration",
                  "inputs[0].tokens.asset_data: expected none, since assets are tensors",
                  [](v1::TokenInput* tokens) { tokens->set_asset_data("abc"); }),
      OtherConfig("AssetAndAVocabulary",
                  "tokens.vocabulary: expected none with codec sentencepiece",
                  [](v1::TokenInput* tokens) { tokens->add_vocabulary("a"); }),
      OtherConfig("AssetWithoutASize", "inputs[0].tokens.size: expected 1..1048576, got 0",
                  [](v1::TokenInput* tokens) { tokens->set_size(0); }),
      OtherConfig("AssetOfWords", "tokens.asset: expected none with codec words",
                  [](v1::TokenInput* tokens) { tokens->set_codec("words"); }),
      OtherConfig("AssetInLowerCase", "tokens.lowercase: expected false with codec sentencepiece",
                  [](v1::TokenInput* tokens) { tokens->set_lowercase(true); }),
  };
}

}  // namespace sequent
