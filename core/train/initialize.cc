#include "core/train/initialize.h"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/random.h"
#include "core/model/tensor_table.h"

namespace sequent::train {
namespace {

constexpr uint64_t kStream = 0x696e6974;  // tells these draws from all others of the seed

void Uniform(const RandomStream& random, double limit, AlignedVector<float>* values) {
  for (size_t i = 0; i < values->size(); ++i) {
    (*values)[i] = static_cast<float>((2 * random.Uniform(i) - 1) * limit);
  }
}

// Q of a normal matrix, its columns' signs fixed by R's diagonal so that Q is uniformly
// distributed.
void Orthogonal(const RandomStream& random, size_t gates, size_t units, float* values) {
  const auto n = static_cast<Eigen::Index>(units);
  for (size_t gate = 0; gate < gates; ++gate) {
    Eigen::MatrixXd normal(n, n);
    for (Eigen::Index i = 0; i < n * n; ++i) {
      normal(i / n, i % n) = random.Normal(gate * units * units + static_cast<uint64_t>(i));
    }
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(normal);
    Eigen::MatrixXd q = qr.householderQ();
    for (Eigen::Index j = 0; j < n; ++j) {
      if (qr.matrixQR()(j, j) < 0) q.col(j) *= -1;
    }
    for (Eigen::Index i = 0; i < n * n; ++i) {
      values[gate * units * units + static_cast<size_t>(i)] = static_cast<float>(q(i / n, i % n));
    }
  }
}

void FillWeight(const TensorSpec& spec, const std::string& rule, const RandomStream& random,
                Tensor* tensor) {
  const double out = static_cast<double>(spec.shape[0] / spec.gates);
  const double in = static_cast<double>(spec.shape[1]);
  if (rule == "orthogonal" && spec.shape[0] / spec.gates == spec.shape[1]) {
    Orthogonal(random, spec.gates, spec.shape[1], tensor->values.data());
  } else {
    Uniform(random, std::sqrt(rule == "he_uniform" ? 6 / in : 6 / (in + out)), &tensor->values);
  }
}

bool IsLstmBias(const Graph& graph, const std::string& tensor) {
  for (const Node& node : graph.nodes) {
    if (node.kind == NodeKind::kLstm && tensor == node.name + ".bias") return true;
  }
  return false;
}

}  // namespace

TensorMap InitialTensors(const Graph& graph, const v1::Initialization& options, uint64_t seed) {
  TensorMap tensors;
  uint64_t index = 0;
  for (const TensorSpec& spec : TensorTable(graph)) {
    const RandomStream random(seed, kStream, index++);
    Tensor& tensor = tensors[spec.name];
    tensor.shape = spec.shape;
    size_t size = 1;
    for (const size_t dimension : spec.shape) size *= dimension;
    tensor.values.assign(size, 0.0f);
    switch (spec.role) {
      case TensorRole::kEmbedding:
        if (options.embedding() == "glorot_uniform") {
          FillWeight(spec, options.embedding(), random, &tensor);
        } else {
          for (size_t i = 0; i < size; ++i) tensor.values[i] = static_cast<float>(random.Normal(i));
        }
        break;
      case TensorRole::kInputWeight:
        FillWeight(spec, options.input(), random, &tensor);
        break;
      case TensorRole::kRecurrentWeight:
        FillWeight(spec, options.recurrent(), random, &tensor);
        break;
      case TensorRole::kRecurrentVector:  // an indrnn's from U(0, 1); peepholes stay 0
        if (spec.name.ends_with(".recurrent")) {
          for (size_t i = 0; i < size; ++i) {
            tensor.values[i] = static_cast<float>(random.Uniform(i));
          }
        }
        break;
      case TensorRole::kBias:
        if (IsLstmBias(graph, spec.name)) {
          const auto units = static_cast<ptrdiff_t>(size / 4);
          std::fill(tensor.values.begin() + units, tensor.values.begin() + 2 * units,
                    static_cast<float>(options.forget_bias()));
        }
        break;
    }
  }
  return tensors;
}

}  // namespace sequent::train
