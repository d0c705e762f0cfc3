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

// Gate by gate Q of a normal matrix [units, columns], units >= columns, its columns' signs fixed by
// R's diagonal so that Q is uniformly distributed.
void Orthogonal(const RandomStream& random, size_t gates, size_t units, size_t columns,
                float* values) {
  const auto n = static_cast<Eigen::Index>(units), m = static_cast<Eigen::Index>(columns);
  for (size_t gate = 0; gate < gates; ++gate) {
    const size_t first = gate * units * columns;
    Eigen::MatrixXd normal(n, m);
    for (Eigen::Index i = 0; i < n * m; ++i) {
      normal(i / m, i % m) = random.Normal(first + static_cast<uint64_t>(i));
    }
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(normal);
    Eigen::MatrixXd q = qr.householderQ();
    for (Eigen::Index j = 0; j < m; ++j) {
      if (qr.matrixQR()(j, j) < 0) q.col(j) *= -1;
    }
    for (Eigen::Index i = 0; i < n * m; ++i) {
      values[first + static_cast<size_t>(i)] = static_cast<float>(q(i / m, i % m));
    }
  }
}

void Normal(const RandomStream& random, double deviation, AlignedVector<float>* values) {
  for (size_t i = 0; i < values->size(); ++i) {
    (*values)[i] = static_cast<float>(random.Normal(i) * deviation);
  }
}

void FillWeight(const TensorSpec& spec, const std::string& rule, const RandomStream& random,
                Tensor* tensor) {
  const double out = static_cast<double>(spec.shape[0] / spec.gates);
  const double in = static_cast<double>(spec.shape[1]);
  if (rule == "orthogonal") {  // a state is never wider than its gates
    return Orthogonal(random, spec.gates, spec.shape[0] / spec.gates, spec.shape[1],
                      tensor->values.data());
  }
  if (rule == "he_uniform") return Uniform(random, std::sqrt(6 / in), &tensor->values);
  if (rule == "he_normal") return Normal(random, std::sqrt(2 / in), &tensor->values);
  if (rule == "glorot_normal") return Normal(random, std::sqrt(2 / (in + out)), &tensor->values);
  Uniform(random, std::sqrt(6 / (in + out)), &tensor->values);
}

// The node of "<node>.<parameter>", if it is of this kind.
const Node* OwnerOf(const Graph& graph, const std::string& tensor, NodeKind kind) {
  for (const Node& node : graph.nodes) {
    if (node.kind == kind && tensor.starts_with(node.name + ".")) return &node;
  }
  return nullptr;
}

// log U(1, T-1).
float ChronoBias(const RandomStream& random, uint32_t steps, size_t i) {
  return static_cast<float>(std::log(1 + random.Uniform(i) * (steps - 2)));
}

void FillLstmBias(const v1::Initialization& options, const RandomStream& random, size_t units,
                  float* bias) {
  for (size_t j = 0; j < units; ++j) {
    float& forget = bias[units + j];
    forget = static_cast<float>(options.forget_bias());
    if (options.chrono() == 0) continue;
    forget = ChronoBias(random, options.chrono(), j);
    bias[j] = -forget;
  }
}

// z is what keeps the state, or what replaces it.
void FillGruBias(const v1::Initialization& options, const RandomStream& random, const Node& node,
                 float* bias) {
  if (options.chrono() == 0) return;
  for (size_t j = 0; j < node.units; ++j) {
    const float keep = ChronoBias(random, options.chrono(), j);
    bias[node.units + j] = node.keep_old ? keep : -keep;
  }
}

void FillBias(const Graph& graph, const v1::Initialization& options, const TensorSpec& spec,
              const RandomStream& random, Tensor* tensor) {
  if (const Node* lstm = OwnerOf(graph, spec.name, NodeKind::kLstm); lstm != nullptr) {
    return FillLstmBias(options, random, lstm->units, tensor->values.data());
  }
  const Node* gru = OwnerOf(graph, spec.name, NodeKind::kGru);
  if (gru == nullptr || spec.name.ends_with(".bias_state")) return;
  FillGruBias(options, random, *gru, tensor->values.data());
}

// An indrnn's recurrent weights; peepholes stay 0.
void FillRecurrentVector(const Graph& graph, const v1::Initialization& options,
                         const TensorSpec& spec, const RandomStream& random, Tensor* tensor) {
  const Node* node = OwnerOf(graph, spec.name, NodeKind::kIndRnn);
  if (node == nullptr) return;
  const Node* last = nullptr;
  for (const Node& other : graph.nodes) {
    if (other.kind == NodeKind::kIndRnn) last = &other;
  }
  const bool remembers = options.indrnn() > 0 && node == last;
  const double most = remembers ? std::exp2(1.0 / options.indrnn()) : 1;
  const double least = remembers ? 1 / most : 0;
  for (size_t j = 0; j < tensor->values.size(); ++j) {
    tensor->values[j] = static_cast<float>(least + random.Uniform(j) * (most - least));
  }
}

void FillEmbedding(const v1::Initialization& options, const TensorSpec& spec,
                   const RandomStream& random, Tensor* tensor) {
  if (options.embedding() == "normal") return Normal(random, 1, &tensor->values);
  FillWeight(spec, options.embedding(), random, tensor);
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
        FillEmbedding(options, spec, random, &tensor);
        break;
      case TensorRole::kInputWeight:
        FillWeight(spec, options.input(), random, &tensor);
        break;
      case TensorRole::kRecurrentWeight:
        FillWeight(spec, options.recurrent(), random, &tensor);
        break;
      case TensorRole::kRecurrentVector:
        FillRecurrentVector(graph, options, spec, random, &tensor);
        break;
      case TensorRole::kGain:
        tensor.values.assign(size, 1.0f);
        break;
      case TensorRole::kBias:
        FillBias(graph, options, spec, random, &tensor);
        break;
    }
  }
  return tensors;
}

}  // namespace sequent::train
