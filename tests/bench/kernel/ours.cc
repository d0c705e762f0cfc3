// Ours: Layer::Forward of one layer, which is its work in a tick without heads; and Model::Run of a
// model of that one layer, where threads or another precision are wanted.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/aligned.h"
#include "core/base/thread_pool.h"
#include "core/nn/layer.h"
#include "core/nn/model.h"
#include "core/nn/pass.h"
#include "core/nn/sharing_tuner.h"
#include "core/nn/window.h"
#include "tests/bench/kernel/contestant.h"
#include "tests/support/models.h"

namespace sequent::bench {
namespace {

v1::ModelConfig ConfigOf(const Shape& shape) {
  std::vector<std::string> columns;
  for (size_t i = 0; i < shape.units; ++i) columns.push_back("x" + std::to_string(i));
  v1::ModelConfig config = SeriesConfig(columns);
  if (shape.cell == Cell::kLstm) {
    AddLstm(&config, "cell", static_cast<uint32_t>(shape.units));
  } else {
    AddGru(&config, "cell", static_cast<uint32_t>(shape.units));
  }
  AddRegression(&config, "head", "point", {columns[0]});
  return config;
}

class Ours final : public Contestant {
 public:
  Ours(const Shape& shape, const TensorMap& weights)
      : shape_(shape), lengths_(shape.rows, shape.steps), inputs_(MakeInputs(shape)) {
    FlushDenormals();
    const Graph graph = ResolveGraph(ConfigOf(shape)).value();
    layer_ = MakeLayer(graph, graph.nodes[1], weights);
    for (size_t t = 0; t <= shape.steps; ++t) first_.push_back(t * shape.rows);
    for (size_t i = 0; i < shape.pairs(); ++i) input_rows_.push_back(&inputs_[i * shape.units]);
    states_.resize(shape.rows * layer_->state_size() / sizeof(float));
    for (size_t r = 0; r < shape.rows; ++r) {
      state_rows_.push_back(&states_[r * layer_->state_size() / sizeof(float)]);
    }
  }

  void Run() override {
    pass_.NextWindow(shape_.steps);
    const Window window = {shape_.rows, shape_.steps, first_.data(), lengths_.data()};
    const Signal input = {input_rows_.data(), nullptr};
    layer_->Forward(window, {&input, 1}, state_rows_.data(), &pass_, &output_);
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
  Pass pass_;
  Signal output_;
};

// A model of the layer and a head of one number, the mean of its units, which Run does not ask for.
class OurModel final : public Contestant {
 public:
  OurModel(const Shape& shape, const TensorMap& weights, Precision precision, ThreadPool* pool)
      : shape_(shape), pool_(pool), inputs_(MakeInputs(shape)) {
    ModelContents contents;
    contents.config = ConfigOf(shape);
    contents.tensors = weights;
    contents.tensors["head.weight"] = {
        {1, shape.units}, AlignedVector<float>(shape.units, 1 / static_cast<float>(shape.units))};
    contents.tensors["head.bias"] = {{1}, AlignedVector<float>(1, 0.0f)};
    model_ = Model::Create(std::move(contents), {.precision = precision}).value();
    ArrangeRows();
    if (pool_ != nullptr) Settle();
  }

  void Run() override {
    if (pool_ == nullptr) return model_->Run({rows_}, &workspace_, pool_);
    const Sharing sharing = sharing_.Next(rows_.size());
    const Clock::time_point begin = Clock::now();
    model_->Run({rows_}, &workspace_, pool_, SharingPlan(sharing));
    sharing_.Took(std::chrono::duration<double>(Clock::now() - begin).count());
  }

  // What the head says: [rows, steps].
  std::vector<float> FirstOutputs() override {
    std::vector<float> outputs(shape_.pairs());
    std::vector<float*> addresses(shape_.rows);
    for (size_t r = 0; r < shape_.rows; ++r) {
      model_->InitState(rows_[r].state);
      addresses[r] = &outputs[r * shape_.steps];
      rows_[r].outputs = &addresses[r];
    }
    Run();
    for (TickRow& row : rows_) row.outputs = nullptr;
    return outputs;
  }

 private:
  using Clock = std::chrono::steady_clock;

  // Finds out how the threads best share this batch, as in a server's first moments.
  void Settle() {
    constexpr std::chrono::milliseconds kServed(500);
    sharing_ = SharingTuner(model_->MeasureSharing(pool_));
    const Clock::time_point end = Clock::now() + kServed;
    while (Clock::now() < end) Run();
  }

  // Rows of the model are whole sequences: [rows, steps, units].
  void ArrangeRows() {
    states_.resize(shape_.rows * model_->state_size());
    const AlignedVector<float> by_step = std::move(inputs_);
    inputs_ = AlignedVector<float>(by_step.size());
    for (size_t r = 0; r < shape_.rows; ++r) {
      TickRow row;
      row.state = &states_[r * model_->state_size()];
      model_->InitState(row.state);
      row.steps = static_cast<uint32_t>(shape_.steps);
      row.features = &inputs_[r * shape_.steps * shape_.units];
      rows_.push_back(row);
      for (size_t t = 0; t < shape_.steps; ++t) {
        std::copy_n(&by_step[(t * shape_.rows + r) * shape_.units], shape_.units,
                    &inputs_[(r * shape_.steps + t) * shape_.units]);
      }
    }
  }

  const Shape shape_;
  ThreadPool* const pool_;
  std::shared_ptr<const Model> model_;
  AlignedVector<float> inputs_;
  AlignedVector<std::byte> states_;
  std::vector<TickRow> rows_;
  SharingTuner sharing_;
  Workspace workspace_;
};

}  // namespace

std::unique_ptr<Contestant> MakeOurModel(const Shape& shape, const TensorMap& weights,
                                         Precision precision, ThreadPool* pool) {
  return std::make_unique<OurModel>(shape, weights, precision, pool);
}

std::unique_ptr<Contestant> MakeOurs(const Shape& shape, const TensorMap& weights) {
  return std::make_unique<Ours>(shape, weights);
}

}  // namespace sequent::bench
