#include "core/model/tensor_table.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "core/base/error.h"
#include "core/model/quantize.h"
#include "core/model/stored_tensors.h"

namespace sequent {
namespace {

class TableBuilder {
 public:
  explicit TableBuilder(const Graph& graph) : graph_(graph) {}

  std::vector<TensorSpec> Build() && {
    for (const Node& node : graph_.nodes) AddNode(node);
    for (const HeadNode& head : graph_.heads) {
      if (!head.tied_to) {
        Matrix(head.name, "weight", head.outputs, head.in_width, TensorRole::kInputWeight);
      }
      Vector(head.name, "bias", head.outputs);
    }
    return std::move(table_);
  }

 private:
  void AddNode(const Node& node);
  void AddRecurrent(const Node& node, size_t gates);
  void AddLstm(const Node& node);
  void AddIndRnn(const Node& node);
  void AddQrnn(const Node& node);
  void AddConv1d(const Node& node);
  void AddPool(const Node& node);
  void AddAttention(const Node& node);

  void Matrix(const std::string& owner, std::string_view parameter, size_t rows, size_t columns,
              TensorRole role, size_t gates = 1) {
    table_.push_back({StrCat(owner, ".", ToAbsl(parameter)), {rows, columns}, role, gates});
  }
  void Vector(const std::string& owner, std::string_view parameter, size_t size, size_t gates = 1,
              TensorRole role = TensorRole::kBias) {
    table_.push_back({StrCat(owner, ".", ToAbsl(parameter)), {size}, role, gates});
  }

  const Graph& graph_;
  std::vector<TensorSpec> table_;
};

void TableBuilder::AddRecurrent(const Node& node, size_t gates) {
  const size_t rows = gates * node.units;
  Matrix(node.name, "weight_input", rows, graph_.nodes[node.inputs[0]].width,
         TensorRole::kInputWeight, gates);
  Matrix(node.name, "weight_state", rows, node.width, TensorRole::kRecurrentWeight, gates);
  if (!node.bias) return;
  if (node.kind == NodeKind::kGru && node.reset_after) {
    Vector(node.name, "bias_input", rows, gates);
    Vector(node.name, "bias_state", rows, gates);
  } else {
    Vector(node.name, "bias", rows, gates);
  }
}

void TableBuilder::AddLstm(const Node& node) {
  AddRecurrent(node, 4);
  if (node.peepholes) {
    Vector(node.name, "peephole", 3 * node.units, 3, TensorRole::kRecurrentVector);
  }
  if (node.projection) {
    Matrix(node.name, "projection", node.width, node.units, TensorRole::kInputWeight);
  }
}

void TableBuilder::AddIndRnn(const Node& node) {
  Matrix(node.name, "weight_input", node.units, graph_.nodes[node.inputs[0]].width,
         TensorRole::kInputWeight);
  Vector(node.name, "recurrent", node.units, 1, TensorRole::kRecurrentVector);
  Vector(node.name, "bias", node.units);
}

void TableBuilder::AddQrnn(const Node& node) {
  Matrix(node.name, "weight", 3 * node.units, node.window * graph_.nodes[node.inputs[0]].width,
         TensorRole::kInputWeight, 3);
  Vector(node.name, "bias", 3 * node.units, 3);
}

void TableBuilder::AddConv1d(const Node& node) {
  Matrix(node.name, "weight", node.width, node.window * graph_.nodes[node.inputs[0]].width,
         TensorRole::kInputWeight);
  Vector(node.name, "bias", node.width);
}

void TableBuilder::AddPool(const Node& node) {
  if (node.pool != PoolKind::kAttention) return;
  Matrix(node.name, "weight", node.width, node.width, TensorRole::kInputWeight);
  Vector(node.name, "bias", node.width);
  Matrix(node.name, "query", 1, node.width, TensorRole::kInputWeight);
}

void TableBuilder::AddAttention(const Node& node) {
  Matrix(node.name, "weight_input", 3 * node.width, node.width, TensorRole::kInputWeight, 3);
  Vector(node.name, "bias_input", 3 * node.width, 3);
  Matrix(node.name, "weight_output", node.width, node.width, TensorRole::kInputWeight);
  Vector(node.name, "bias_output", node.width);
}

void TableBuilder::AddNode(const Node& node) {
  switch (node.kind) {
    case NodeKind::kEmbedding:
      Matrix(node.name, "weight", graph_.nodes[node.inputs[0]].tokens, node.width,
             TensorRole::kEmbedding);
      return;
    case NodeKind::kDense:
      Matrix(node.name, "weight", node.width, graph_.nodes[node.inputs[0]].width,
             TensorRole::kInputWeight);
      if (node.bias) Vector(node.name, "bias", node.width);
      return;
    case NodeKind::kRnn:
      return AddRecurrent(node, 1);
    case NodeKind::kLstm:
      return AddLstm(node);
    case NodeKind::kGru:
      return AddRecurrent(node, 3);
    case NodeKind::kIndRnn:
      return AddIndRnn(node);
    case NodeKind::kQrnn:
      return AddQrnn(node);
    case NodeKind::kConv1d:
      return AddConv1d(node);
    case NodeKind::kPool:
      return AddPool(node);
    case NodeKind::kAttention:
      return AddAttention(node);
    case NodeKind::kLayerNorm:
      Vector(node.name, "weight", node.width, 1, TensorRole::kGain);
      return Vector(node.name, "bias", node.width);
    case NodeKind::kInput:
    case NodeKind::kActivation:
    case NodeKind::kDropout:
    case NodeKind::kConcat:
    case NodeKind::kAdd:
    case NodeKind::kReverse:
      return;
  }
}

Status TensorError(std::string_view name, std::string_view expected, std::string_view got) {
  return absl::InvalidArgumentError(StrCat("tensor '", Quoted(name, 160), "': expected ",
                                           ToAbsl(expected), ", got ", ToAbsl(got)));
}

std::string ShapeText(const std::vector<size_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) absl::StrAppend(&text, i == 0 ? "" : ", ", shape[i]);
  return text + "]";
}

bool IsMatrix(TensorRole role) {
  return role == TensorRole::kInputWeight || role == TensorRole::kRecurrentWeight;
}

Status CheckTensor(const TensorSpec& spec, const Tensor& tensor, Precision precision) {
  if (tensor.shape != spec.shape) {
    return TensorError(spec.name, StrCat("shape ", ShapeText(spec.shape)), ShapeText(tensor.shape));
  }
  size_t size = 1;
  for (const size_t extent : spec.shape) size *= extent;
  if (tensor.values.size() != size) {
    return TensorError(spec.name, StrCat(size, " values"), StrCat(tensor.values.size()));
  }
  const auto bad = std::find_if(tensor.values.begin(), tensor.values.end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad != tensor.values.end()) {
    return TensorError(spec.name, "finite values",
                       StrCat(*bad, " at index ", bad - tensor.values.begin()));
  }
  if (const Precision stored = StoredAs(spec.role, precision); tensor.stored != stored) {
    return TensorError(spec.name,
                       StrCat("dtype ", DtypeName(stored), " in a model of ",
                              PrecisionName(precision), " matrices"),
                       DtypeName(tensor.stored));
  }
  const Status rounded = CheckRounded(tensor);
  if (rounded.ok()) return rounded;
  return absl::InvalidArgumentError(
      StrCat("tensor '", Quoted(spec.name, 160), "': ", rounded.message()));
}

}  // namespace

std::vector<TensorSpec> TensorTable(const Graph& graph) { return TableBuilder(graph).Build(); }

Precision StoredAs(TensorRole role, Precision precision) {
  switch (role) {
    case TensorRole::kInputWeight:
    case TensorRole::kRecurrentWeight:
      return precision;
    case TensorRole::kEmbedding:
      return precision == Precision::kFp32 ? Precision::kFp32 : Precision::kBf16;
    case TensorRole::kRecurrentVector:
    case TensorRole::kBias:
    case TensorRole::kGain:
      return Precision::kFp32;
  }
  return Precision::kFp32;
}

Precision StoredPrecision(const std::vector<TensorSpec>& table, const TensorMap& tensors) {
  for (const TensorSpec& spec : table) {
    const auto found = IsMatrix(spec.role) ? tensors.find(spec.name) : tensors.end();
    if (found != tensors.end()) return found->second.stored;
  }
  // Nothing but an embedding that the head is tied to: rounded, it is a bf16 model's.
  for (const TensorSpec& spec : table) {
    const auto found =
        spec.role == TensorRole::kEmbedding ? tensors.find(spec.name) : tensors.end();
    if (found != tensors.end()) return found->second.stored;
  }
  return Precision::kFp32;
}

Status CheckTensors(const std::vector<TensorSpec>& table, const TensorMap& tensors) {
  const Precision precision = StoredPrecision(table, tensors);
  std::unordered_set<std::string_view> known;
  for (const TensorSpec& spec : table) {
    known.insert(spec.name);
    const auto found = tensors.find(spec.name);
    if (found == tensors.end()) {
      return TensorError(spec.name, StrCat("shape ", ShapeText(spec.shape)), "no such tensor");
    }
    SEQ_RETURN_IF_ERROR(CheckTensor(spec, found->second, precision));
  }
  for (const auto& [name, tensor] : tensors) {
    if (known.contains(name)) continue;
    return TensorError(name, "only tensors of the configuration",
                       StrCat("one more of shape ", ShapeText(tensor.shape)));
  }
  return absl::OkStatus();
}

}  // namespace sequent
