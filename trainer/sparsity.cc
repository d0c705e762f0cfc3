#include "trainer/sparsity.h"

#include <algorithm>
#include <cstdio>

#include "core/model/graph.h"
#include "core/model/tensor_table.h"
#include "core/train/prune.h"

namespace sequent {

StatusOr<std::vector<TensorSparsity>> CountZeros(const v1::ModelConfig& config,
                                                 const TensorMap& tensors) {
  SEQ_ASSIGN_OR_RETURN(const Graph graph, ResolveGraph(config));
  std::vector<TensorSparsity> counts;
  for (const TensorSpec& spec : TensorTable(graph)) {
    if (!train::IsPruned(spec)) continue;
    const auto& values = tensors.at(spec.name).values;
    counts.push_back({spec.name, values.size(),
                      static_cast<size_t>(std::count(values.begin(), values.end(), 0.0f))});
  }
  return counts;
}

std::string DescribeSparsity(const std::vector<TensorSparsity>& tensors) {
  char line[160];
  std::snprintf(line, sizeof(line), "%-32s %12s %12s %10s\n", "tensor", "weights", "kept", "zero");
  std::string text = line;
  TensorSparsity all = {"all", 0, 0};
  const auto add = [&](const TensorSparsity& one) {
    std::snprintf(line, sizeof(line), "%-32s %12zu %12zu %8.2f %%\n", one.name.c_str(), one.weights,
                  one.weights - one.zeros, 100 * one.share());
    text += line;
  };
  for (const TensorSparsity& one : tensors) {
    add(one);
    all.weights += one.weights;
    all.zeros += one.zeros;
  }
  if (all.weights > 0) add(all);
  return text;
}

}  // namespace sequent
