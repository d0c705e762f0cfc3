#include "core/model/assets.h"

#include <utility>

#include "core/base/error.h"
#include "core/model/config_check.h"

namespace sequent {
namespace {

constexpr std::string_view kPrefix = "asset.";

std::string PlaceOf(std::string_view tensor_name) {
  return StrCat("tensor '", Quoted(tensor_name, 160), "'");
}

StatusOr<std::string_view> BytesOf(const Safetensors& file, const StoredTensor& stored) {
  if (stored.dtype != "U8" || stored.shape.size() != 1) {
    return Expected(PlaceOf(stored.name), "dtype U8 and one dimension, as it is an asset",
                    StrCat(stored.dtype, " and ", stored.shape.size()));
  }
  const size_t size = stored.end - stored.begin;
  if (size == 0 || size > kMaxAssetBytes) {
    return Expected(PlaceOf(stored.name), StrCat("1 to ", kMaxAssetBytes, " bytes"), StrCat(size));
  }
  return file.data.substr(stored.begin, size);
}

}  // namespace

std::string AssetTensorName(std::string_view name) { return std::string(kPrefix).append(name); }

bool IsAssetTensor(std::string_view tensor_name) { return tensor_name.starts_with(kPrefix); }

AssetMap AssetsOf(const v1::ModelConfig& config) {
  AssetMap assets;
  for (const v1::Input& input : config.inputs()) {
    if (!input.tokens().asset().empty()) {
      assets[input.tokens().asset()] = input.tokens().asset_data();
    }
  }
  return assets;
}

v1::ModelConfig WithoutAssetData(v1::ModelConfig config) {
  for (v1::Input& input : *config.mutable_inputs()) {
    if (input.has_tokens()) input.mutable_tokens()->clear_asset_data();
  }
  return config;
}

Status TakeAssets(const Safetensors& file, v1::ModelConfig* config) {
  AssetMap found;
  for (const StoredTensor& stored : file.tensors) {
    if (!IsAssetTensor(stored.name)) continue;
    SEQ_ASSIGN_OR_RETURN(found[stored.name], BytesOf(file, stored));
  }
  for (int i = 0; i < config->inputs_size(); ++i) {
    if (!config->inputs(i).has_tokens()) continue;
    v1::TokenInput* tokens = config->mutable_inputs(i)->mutable_tokens();
    const std::string path = Indexed("inputs", static_cast<size_t>(i)) + ".tokens";
    if (!tokens->asset_data().empty()) {
      return Expected("sequent.config: " + path + ".asset_data",
                      "none, since assets are tensors of the file",
                      StrCat(tokens->asset_data().size(), " bytes"));
    }
    if (tokens->asset().empty()) continue;
    const auto asset = found.find(AssetTensorName(tokens->asset()));
    if (asset == found.end()) {
      return Expected(PlaceOf(AssetTensorName(tokens->asset())),
                      StrCat("the asset that ", path, " names"), "no such tensor");
    }
    tokens->set_asset_data(asset->second.data(), asset->second.size());
    found.erase(asset);
  }
  if (found.empty()) return absl::OkStatus();
  return Expected(PlaceOf(found.begin()->first), "only assets that the configuration names",
                  StrCat("one more of ", found.begin()->second.size(), " bytes"));
}

}  // namespace sequent
