#include "core/nn/model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/kernels/finite.h"
#include "core/model/quantize.h"
#include "core/model/tensor_table.h"
#include "core/nn/head.h"
#include "core/nn/layer.h"

namespace sequent {
namespace {

Status Corrupt(std::string_view segment, const Status& status) {
  return absl::DataLossError(StrCat("state, ", ToAbsl(segment), ": ", status.message()));
}

// What lies between two parts of a row, of which the second one is aligned.
Status CheckUnused(const std::byte* row, size_t begin, size_t end) {
  static constexpr std::byte kZeros[kAlignment] = {};
  if (std::memcmp(row + begin, kZeros, end - begin) == 0) return absl::OkStatus();
  const std::byte* used =
      std::find_if(row + begin, row + end, [](std::byte b) { return b != std::byte{0}; });
  return absl::DataLossError(
      StrCat("state, byte ", used - row, ": expected 0 (padding), got ", static_cast<int>(*used)));
}

}  // namespace

Model::Model() = default;
Model::~Model() = default;

StatusOr<std::shared_ptr<const Model>> Model::Load(const std::string& path,
                                                   const ModelOptions& options) {
  SEQ_ASSIGN_OR_RETURN(ModelContents contents, ReadModelFile(path));
  return Create(std::move(contents), options);
}

StatusOr<std::shared_ptr<const Model>> Model::Create(ModelContents contents,
                                                     const ModelOptions& options) {
  std::shared_ptr<Model> model(new Model());
  model->config_ = std::move(contents.config);
  model->fingerprint_ = std::move(contents.fingerprint);
  model->training_ = std::move(contents.training);
  SEQ_RETURN_IF_ERROR(model->Build(std::move(contents.tensors), options));
  return std::shared_ptr<const Model>(std::move(model));
}

Status Model::Build(TensorMap tensors, const ModelOptions& options) {
  SEQ_ASSIGN_OR_RETURN(graph_, ResolveGraph(config_));
  const std::vector<TensorSpec> table = TensorTable(graph_);
  SEQ_RETURN_IF_ERROR(CheckTensors(table, tensors));
  precision_ = options.precision.value_or(StoredPrecision(table, tensors));
  RoundTensors(table, precision_, &tensors);
  for (const auto& [name, tensor] : tensors) parameters_ += tensor.values.size();

  size_t offset = 0;
  for (const Node& node : graph_.nodes) {
    layer_offsets_.push_back(offset);
    layers_.push_back(node.kind == NodeKind::kInput ? nullptr : MakeLayer(graph_, node, tensors));
    if (layers_.back() == nullptr) continue;
    offset += layers_.back()->state_size();
  }
  codec_offset_ = offset;
  SEQ_RETURN_IF_ERROR(BuildCodec());
  BuildHeads(tensors);
  state_size_ = RoundUp(last_offset_ + sizeof(uint32_t) + last_width_ * sizeof(float), kAlignment);
  return absl::OkStatus();
}

Status Model::BuildCodec() {
  const v1::Input& input = config_.inputs(0);
  if (input.has_features()) {
    const auto columns = static_cast<size_t>(input.features().columns_size());
    SEQ_ASSIGN_OR_RETURN(series_codec_,
                         SeriesCodec::Create(input.features(), ColumnHorizons(graph_, columns)));
    codec_size_ = series_codec_->state_size();
  } else if (input.tokens().codec() != "ids") {
    SEQ_ASSIGN_OR_RETURN(text_codec_, TextCodec::Create(input.tokens()));
    codec_size_ = text_codec_->state_size();
  }
  last_offset_ = codec_offset_ + RoundUp(codec_size_, kAlignment);
  return absl::OkStatus();
}

void Model::BuildHeads(const TensorMap& tensors) {
  std::vector<size_t> offsets;  // beside last_nodes_
  heads_.reserve(graph_.heads.size());
  for (const HeadNode& node : graph_.heads) {
    const size_t k =
        std::find(last_nodes_.begin(), last_nodes_.end(), node.input) - last_nodes_.begin();
    if (k == last_nodes_.size()) {
      last_nodes_.push_back(node.input);
      offsets.push_back(last_width_);
      last_width_ += node.in_width;
    }
    heads_.emplace_back(graph_, node, offsets[k], tensors);
  }
}

size_t Model::input_width() const { return graph_.tokens() ? 0 : graph_.nodes[0].width; }

void Model::InitState(std::byte* row) const {
  std::memset(row, 0, state_size_);
  if (text_codec_ != nullptr) text_codec_->InitState(codec_state(row));
  if (series_codec_ != nullptr) series_codec_->InitState(codec_state(row));
}

bool Model::HasLast(const std::byte* row) const {
  uint32_t flag;
  std::memcpy(&flag, row + last_offset_, sizeof(flag));
  return flag != 0;
}

Status Model::ValidateState(const std::byte* row) const {
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i] == nullptr) continue;
    const Status status =
        layers_[i]->ValidateState(reinterpret_cast<const float*>(row + layer_offsets_[i]));
    if (!status.ok()) return Corrupt(StrCat("layer ", graph_.nodes[i].name), status);
  }
  Status status;
  if (text_codec_ != nullptr) status = text_codec_->ValidateState(codec_state(row));
  if (series_codec_ != nullptr) status = series_codec_->ValidateState(codec_state(row));
  if (!status.ok()) return Corrupt("codec", status);
  SEQ_RETURN_IF_ERROR(CheckUnused(row, codec_offset_ + codec_size_, last_offset_));
  SEQ_RETURN_IF_ERROR(ValidateLast(row));
  const size_t end = last_offset_ + sizeof(uint32_t) + last_width_ * sizeof(float);
  return CheckUnused(row, end, state_size_);
}

Status Model::ValidateLast(const std::byte* row) const {
  uint32_t flag;
  std::memcpy(&flag, row + last_offset_, sizeof(flag));
  if (flag > 1) {
    return absl::DataLossError(StrCat("state, last: expected a flag of 0 or 1, got ", flag));
  }
  const auto* values = reinterpret_cast<const float*>(row + last_offset_ + sizeof(flag));
  if (flag == 1 && kernels::AllFinite(last_width_, values)) return absl::OkStatus();
  for (size_t i = 0; i < last_width_; ++i) {
    if (flag == 1 ? std::isfinite(values[i]) : values[i] == 0) continue;
    return absl::DataLossError(StrCat("state, last, value ", i, ": expected ",
                                      flag == 1 ? "a finite number" : "0 before the first step",
                                      ", got ", values[i]));
  }
  return absl::OkStatus();
}

}  // namespace sequent
