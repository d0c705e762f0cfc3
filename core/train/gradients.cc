#include "core/train/gradients.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "core/model/config_check.h"

namespace sequent::train {
namespace {

// 64 KiB of floats: gradients of two shards, weights and two moments of a block stay in a core's
// second-level cache together.
constexpr size_t kBlockSize = 16384;

bool BelongsTo(const TensorSpec& spec, std::string_view owner) {
  const std::string_view name = spec.name;
  return name.size() > owner.size() && name.starts_with(owner) && name[owner.size()] == '.';
}

// Names of the layers and heads that have weights.
std::vector<std::string_view> Owners(const Graph& graph, const std::vector<TensorSpec>& table) {
  std::vector<std::string_view> owners;
  const auto add = [&](const std::string& name) {
    if (std::any_of(table.begin(), table.end(),
                    [&](const TensorSpec& spec) { return BelongsTo(spec, name); })) {
      owners.push_back(name);
    }
  };
  for (const Node& node : graph.nodes) add(node.name);
  for (const HeadNode& head : graph.heads) add(head.name);
  return owners;
}

Status CheckFrozen(const Graph& graph, const std::vector<TensorSpec>& table,
                   const v1::TrainOptions& options) {
  const std::vector<std::string_view> owners = Owners(graph, table);
  for (int i = 0; i < options.freeze_size(); ++i) {
    const std::string path = Indexed("train.freeze", static_cast<size_t>(i));
    if (options.freeze(i).empty()) return Expected(path, "the name of a layer or head", "nothing");
    SEQ_RETURN_IF_ERROR(CheckChoice(path, options.freeze(i), owners).status());
  }
  return absl::OkStatus();
}

size_t SizeOf(const TensorSpec& spec) {
  size_t size = 1;
  for (const size_t dimension : spec.shape) size *= dimension;
  return size;
}

// Neighbours that are treated alike, cut into pieces.
std::vector<Block> Cut(const std::vector<Block>& tensors) {
  std::vector<Block> runs;
  for (const Block& tensor : tensors) {
    if (!runs.empty() && runs.back().end == tensor.begin &&
        runs.back().penalised == tensor.penalised) {
      runs.back().end = tensor.end;
    } else {
      runs.push_back(tensor);
    }
  }
  std::vector<Block> blocks;
  for (const Block& run : runs) {
    for (size_t begin = run.begin; begin < run.end; begin += kBlockSize) {
      blocks.push_back({begin, std::min(begin + kBlockSize, run.end), run.penalised});
    }
  }
  return blocks;
}

}  // namespace

bool IsFrozen(const TensorSpec& spec, const v1::TrainOptions& options) {
  return std::any_of(options.freeze().begin(), options.freeze().end(),
                     [&](const std::string& layer) { return BelongsTo(spec, layer); });
}

StatusOr<std::vector<Block>> ParameterBlocks(const Graph& graph, const v1::TrainOptions& options) {
  const std::vector<TensorSpec> table = TensorTable(graph);
  SEQ_RETURN_IF_ERROR(CheckFrozen(graph, table, options));
  std::vector<Block> tensors;
  size_t begin = 0;
  for (const TensorSpec& spec : table) {
    const size_t end = begin + SizeOf(spec);
    const bool penalised = spec.role != TensorRole::kBias || options.optimizer().decay_biases();
    if (!IsFrozen(spec, options)) tensors.push_back({begin, end, penalised});
    begin = end;
  }
  if (tensors.empty()) return Expected("train.freeze", "something left to train", "all layers");
  return Cut(tensors);
}

template <typename T>
void AddParts(const Block& block, std::span<std::vector<T>> parts) {
  for (size_t stride = 1; stride < parts.size(); stride *= 2) {
    for (size_t s = 0; s + stride < parts.size(); s += 2 * stride) {
      T* __restrict sum = parts[s].data();
      const T* __restrict more = parts[s + stride].data();
      for (size_t i = block.begin; i < block.end; ++i) sum[i] += more[i];
    }
  }
}

template <typename T>
double SumOfSquares(std::span<const T> values) {
  constexpr size_t kLanes = 8;
  double lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) {
      const double value = static_cast<double>(values[i + k]);
      lanes[k] += value * value;
    }
  }
  for (; i < values.size(); ++i) {
    const double value = static_cast<double>(values[i]);
    lanes[i % kLanes] += value * value;
  }
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

double ClipScale(const v1::Clip& clip, double norm) {
  if (clip.global_norm() <= 0) return 1;
  return std::min(1.0, clip.global_norm() / (norm + clip.epsilon()));
}

template <typename T>
void ClipValues(const v1::Clip& clip, double scale, std::span<T> values) {
  if (scale < 1) {
    for (T& value : values) value *= static_cast<T>(scale);
  }
  if (clip.value() > 0) {
    const T limit = static_cast<T>(clip.value());
    for (T& value : values) value = std::min(std::max(value, -limit), limit);
  }
}

template void AddParts(const Block&, std::span<std::vector<float>>);
template void AddParts(const Block&, std::span<std::vector<double>>);
template double SumOfSquares(std::span<const float>);
template double SumOfSquares(std::span<const double>);
template void ClipValues(const v1::Clip&, double, std::span<float>);
template void ClipValues(const v1::Clip&, double, std::span<double>);

}  // namespace sequent::train
