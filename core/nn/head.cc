#include "core/nn/head.h"

#include <algorithm>
#include <cmath>

namespace sequent {
namespace {

// Keeps the likelihood bounded where the data has no noise at all.
constexpr float kSmallestDeviation = 1e-6f;

}  // namespace

float GaussianDeviation(float raw) {
  // log(1 + e^raw) without overflow for large raw.
  return std::max(raw, 0.0f) + std::log1p(std::exp(-std::fabs(raw))) + kSmallestDeviation;
}

Head::Head(const Graph& graph, const HeadNode& node, size_t last_offset, const TensorMap& tensors)
    : kind_(node.kind),
      node_(node.input),
      outputs_(node.outputs),
      last_offset_(last_offset),
      map_(Weights::Pack(tensors.at((node.tied_to ? graph.nodes[*node.tied_to].name : node.name) +
                                    ".weight")),
           tensors.at(node.name + ".bias").values.data()) {}

void Head::Apply(size_t rows, const float* const* x, Pass* pass, float* const* y) const {
  map_.Apply(rows, x, pass, y);
  if (kind_ != HeadKind::kGaussian) return;
  for (size_t r = 0; r < rows; ++r) {
    std::transform(y[r] + outputs_ / 2, y[r] + outputs_, y[r] + outputs_ / 2, GaussianDeviation);
  }
}

}  // namespace sequent
