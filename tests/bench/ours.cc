// Ours: Layer::Forward of one layer, which is its work in a tick without heads.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/aligned.h"
#include "core/base/thread_pool.h"
#include "core/nn/arena.h"
#include "core/nn/layer.h"
#include "core/nn/window.h"
#include "tests/bench/contestant.h"
#include "tests/support/models.h"

namespace sequent::bench {
namespace {

Graph GraphOf(const Shape& shape) {
  std::vector<std::string> columns;
  for (size_t i = 0; i < shape.units; ++i) columns.push_back("x" + std::to_string(i));
  v1::ModelConfig config = SeriesConfig(columns);
  if (shape.cell == Cell::kLstm) {
    AddLstm(&config, "cell", static_cast<uint32_t>(shape.units));
  } else {
    AddGru(&config, "cell", static_cast<uint32_t>(shape.units));
  }
  AddRegression(&config, "head", "point", {columns[0]});
  return ResolveGraph(config).value();
}

class Ours final : public Contestant {
 public:
  Ours(const Shape& shape, const TensorMap& weights)
      : shape_(shape), lengths_(shape.rows, shape.steps), inputs_(MakeInputs(shape)) {
    FlushDenormals();
    const Graph graph = GraphOf(shape);
    layer_ = MakeLayer(graph, graph.nodes[1], weights);
    for (size_t t = 0; t <= shape.steps; ++t) first_.push_back(t * shape.rows);
    for (size_t i = 0; i < shape.pairs(); ++i) input_rows_.push_back(&inputs_[i * shape.units]);
    states_.resize(shape.rows * layer_->state_size() / sizeof(float));
    for (size_t r = 0; r < shape.rows; ++r) {
      state_rows_.push_back(&states_[r * layer_->state_size() / sizeof(float)]);
    }
  }

  void Run() override {
    arena_.Reset();
    const Window window = {shape_.rows, shape_.steps, first_.data(), lengths_.data()};
    const Signal input = {input_rows_.data(), nullptr};
    layer_->Forward(window, {&input, 1}, state_rows_.data(), &arena_, &output_);
  }

  std::vector<float> FirstOutputs() override {
    states_.assign(states_.size(), 0.0f);
    Run();
    std::vector<float> outputs;
    for (size_t i = 0; i < shape_.pairs(); ++i) {
      outputs.insert(outputs.end(), output_.vectors[i], output_.vectors[i] + shape_.units);
    }
    return outputs;
  }

 private:
  const Shape shape_;
  std::unique_ptr<const Layer> layer_;
  std::vector<size_t> first_;
  std::vector<uint32_t> lengths_;
  AlignedVector<float> inputs_;
  std::vector<const float*> input_rows_;
  AlignedVector<float> states_;
  std::vector<float*> state_rows_;
  Arena arena_;
  Signal output_;
};

}  // namespace

std::unique_ptr<Contestant> MakeOurs(const Shape& shape, const TensorMap& weights) {
  return std::make_unique<Ours>(shape, weights);
}

}  // namespace sequent::bench
