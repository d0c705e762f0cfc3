// Large things that a configuration holds and a model file stores beside it: an asset `a` is the
// file's U8 tensor "asset.a", and the configuration in the file has its name alone.
//
// In memory the bytes stand in the configuration (TokenInput.asset_data), so whatever keeps, copies
// or compares that keeps, copies and compares them.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_ASSETS_H_
#define SEQUENT_CORE_MODEL_ASSETS_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/model/safetensors.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

// Bytes by name. The bytes belong to whoever made the map.
using AssetMap = std::map<std::string, std::string_view>;

inline constexpr size_t kMaxAssetBytes = size_t{16} << 20;

// "asset.a"
std::string AssetTensorName(std::string_view name);
bool IsAssetTensor(std::string_view tensor_name);

// The assets of a configuration; its bytes.
AssetMap AssetsOf(const v1::ModelConfig& config);
// The configuration without their bytes.
v1::ModelConfig WithoutAssetData(v1::ModelConfig config);

// Moves the file's assets into the configuration that names them. INVALID_ARGUMENT: one that is
// missing, of another type or shape, empty, too large, or named by nobody; bytes that the
// configuration brings along.
Status TakeAssets(const Safetensors& file, v1::ModelConfig* config);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_ASSETS_H_
