// One vector per row out of those of all its steps. The window holds whole sequences; sums run over
// the steps in their order.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/nn/affine.h"
#include "core/nn/layer.h"

namespace sequent {
namespace {

// Vectors of the input by row and step.
struct Steps {
  const Window& window;
  const float* const* vectors;

  size_t count(size_t r) const { return window.length[r]; }
  const float* at(size_t r, size_t t) const { return vectors[window.pair(r, t)]; }
};

// last, final_states, mean, max, positions: `Way` is called with (steps, row, result).
template <class Way>
class Pool final : public Layer {
 public:
  Pool(size_t width, Way way) : Layer(width), way_(std::move(way)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    float** y = pass->arena.AllocateRows(window.rows, output_width());
    const Steps steps{window, inputs[0].vectors};
    for (size_t r = 0; r < window.rows; ++r) way_(steps, r, y[r]);
    output->vectors = y;
  }

 private:
  const Way way_;
};

template <class Way>
std::unique_ptr<const Layer> MakeWay(size_t width, Way way) {
  return std::make_unique<Pool<Way>>(width, std::move(way));
}

// The first `forward` columns of the last step, the others of the first.
std::unique_ptr<const Layer> MakeEnds(size_t width, size_t forward) {
  return MakeWay(width, [width, forward](const Steps& x, size_t r, float* y) {
    std::copy_n(x.at(r, x.count(r) - 1), forward, y);
    std::copy_n(x.at(r, 0) + forward, width - forward, y + forward);
  });
}

std::unique_ptr<const Layer> MakeMean(size_t width) {
  return MakeWay(width, [width](const Steps& x, size_t r, float* y) {
    std::fill_n(y, width, 0.0f);
    for (size_t t = 0; t < x.count(r); ++t) {
      const float* v = x.at(r, t);
      for (size_t i = 0; i < width; ++i) y[i] += v[i];
    }
    const float share = 1 / static_cast<float>(x.count(r));
    for (size_t i = 0; i < width; ++i) y[i] *= share;
  });
}

std::unique_ptr<const Layer> MakeMax(size_t width) {
  return MakeWay(width, [width](const Steps& x, size_t r, float* y) {
    std::copy_n(x.at(r, 0), width, y);
    for (size_t t = 1; t < x.count(r); ++t) {
      const float* v = x.at(r, t);
      for (size_t i = 0; i < width; ++i) y[i] = v[i] > y[i] ? v[i] : y[i];
    }
  });
}

std::unique_ptr<const Layer> MakePositions(const Node& node) {
  const size_t part = node.width / node.positions.size();
  return MakeWay(
      node.width, [part, positions = node.positions](const Steps& x, size_t r, float* y) {
        for (const int32_t position : positions) {
          const int64_t t = position < 0 ? position + static_cast<int64_t>(x.count(r)) : position;
          const bool there = t >= 0 && t < static_cast<int64_t>(x.count(r));
          if (there) {
            y = std::copy_n(x.at(r, static_cast<size_t>(t)), part, y);
          } else {
            y = std::fill_n(y, part, 0.0f);
          }
        }
      });
}

// sum of a(t) x(t), a = softmax over t of query tanh(W x(t) + b).
class AttentionPool final : public Layer {
 public:
  AttentionPool(size_t width, Affine map, Affine query)
      : Layer(width), map_(std::move(map)), query_(std::move(query)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    float** hidden = map_.Apply(window.pairs(), inputs[0].vectors, pass);
    for (size_t i = 0; i < window.pairs(); ++i) {
      kernels::Activate(kernels::Function::kTanh, output_width(), hidden[i], hidden[i]);
    }
    float** scores = query_.Apply(window.pairs(), hidden, pass);
    float** y = pass->arena.AllocateRows(window.rows, output_width());
    for (size_t r = 0; r < window.rows; ++r) {
      Add(Steps{window, inputs[0].vectors}, Steps{window, scores}, r, y[r]);
    }
    output->vectors = y;
  }

 private:
  void Add(const Steps& x, const Steps& scores, size_t r, float* y) const {
    float max = *scores.at(r, 0);
    for (size_t t = 1; t < x.count(r); ++t) max = std::max(max, *scores.at(r, t));
    std::fill_n(y, output_width(), 0.0f);
    float sum = 0;
    for (size_t t = 0; t < x.count(r); ++t) {
      const float weight = std::exp(*scores.at(r, t) - max);
      sum += weight;
      const float* v = x.at(r, t);
      for (size_t i = 0; i < output_width(); ++i) y[i] += weight * v[i];
    }
    for (size_t i = 0; i < output_width(); ++i) y[i] /= sum;
  }

  const Affine map_, query_;
};

}  // namespace

std::unique_ptr<const Layer> MakePool(const Graph& graph, const Node& node,
                                      const TensorMap& tensors) {
  const Node& input = graph.nodes[node.inputs[0]];
  switch (node.pool) {
    case PoolKind::kLast:
      // Each step is the last one, as far as the sequence has come.
      return graph.streamable ? MakeIdentity(node) : MakeEnds(node.width, node.width);
    case PoolKind::kFinalStates:
      return MakeEnds(node.width, input.forward_columns.value_or(node.width));
    case PoolKind::kMean:
      return MakeMean(node.width);
    case PoolKind::kMax:
      return MakeMax(node.width);
    case PoolKind::kPositions:
      return MakePositions(node);
    case PoolKind::kAttention:
      break;
  }
  const auto tensor = [&](const char* name) -> const Tensor& {
    return tensors.at(node.name + name);
  };
  return std::make_unique<AttentionPool>(
      node.width, Affine(Weights::Pack(tensor(".weight")), tensor(".bias").values.data()),
      Affine(Weights::Pack(tensor(".query")), nullptr));
}

}  // namespace sequent
