// oneDNN's RNN primitives, lstm_forward and lbr_gru_forward, fp32, weights in the format that the
// primitive asks for, one thread.
#include <omp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "tests/bench/kernel/contestant.h"

namespace sequent::bench {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Dims = memory::dims;
using Arguments = std::unordered_map<int, memory>;

memory::desc Desc(const Dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

float* Values(const memory& m) { return static_cast<float*>(m.get_data_handle()); }

// oneDNN's gate g is our gate kLstmOrder[g] or kGruOrder[g].
constexpr std::array<size_t, 4> kLstmOrder = {0, 1, 2, 3};  // i, f, candidate, o
constexpr std::array<size_t, 3> kGruOrder = {1, 0, 2};      // update, reset, candidate

size_t OurGate(Cell cell, size_t g) { return cell == Cell::kLstm ? kLstmOrder[g] : kGruOrder[g]; }

class OneDnn final : public Contestant {
 public:
  OneDnn(const Shape& shape, const TensorMap& weights)
      : shape_(shape), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    omp_set_num_threads(1);
    const auto n = static_cast<memory::dim>(shape.rows), t = static_cast<memory::dim>(shape.steps);
    const auto c = static_cast<memory::dim>(shape.units);
    const auto gates = static_cast<memory::dim>(Gates(shape.cell));
    layer_ = Desc({t, n, c}, Tag::tnc);
    iter_ = Desc({1, 1, n, c}, Tag::ldnc);
    weight_ = Desc({1, 1, c, gates, c}, Tag::any);
    bias_ = Desc({1, 1, 4, c}, Tag::ldgo);  // GRU: the candidate has two
    if (shape.cell == Cell::kLstm) {
      MakeLstm(weights);
    } else {
      MakeGru(weights);
    }
    inputs_ = MakeInputs(shape);
    std::copy(inputs_.begin(), inputs_.end(), Values(arguments_.at(DNNL_ARG_SRC_LAYER)));
    Clear();
  }

  void Run() override {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

  std::vector<float> FirstOutputs() override {
    Clear();
    Run();
    const float* values = Values(arguments_.at(DNNL_ARG_DST_LAYER));
    return {values, values + shape_.pairs() * shape_.units};
  }

 private:
  void MakeLstm(const TensorMap& weights) {
    const dnnl::lstm_forward::primitive_desc desc(
        {dnnl::prop_kind::forward_inference, dnnl::rnn_direction::unidirectional_left2right, layer_,
         iter_, iter_, weight_, weight_, bias_, layer_, iter_, iter_},
        engine_);
    primitive_ = dnnl::lstm_forward(desc);
    Bind(weights, desc);
    arguments_[DNNL_ARG_SRC_ITER_C] = memory(desc.src_iter_c_desc(), engine_);
    arguments_[DNNL_ARG_DST_ITER_C] = memory(desc.dst_iter_c_desc(), engine_);
    const AlignedVector<float>& bias = weights.at("cell.bias").values;
    std::copy(bias.begin(), bias.end(), Values(arguments_.at(DNNL_ARG_BIAS)));
  }

  void MakeGru(const TensorMap& weights) {
    const dnnl::lbr_gru_forward::primitive_desc desc(
        {dnnl::prop_kind::forward_inference, dnnl::rnn_direction::unidirectional_left2right, layer_,
         iter_, weight_, weight_, bias_, layer_, iter_},
        engine_);
    primitive_ = dnnl::lbr_gru_forward(desc);
    Bind(weights, desc);
    // Both biases of reset and update add up; the candidate has one of each.
    const float* input = weights.at("cell.bias_input").values.data();
    const float* state = weights.at("cell.bias_state").values.data();
    const size_t units = shape_.units;
    float* bias = Values(arguments_.at(DNNL_ARG_BIAS));
    for (size_t i = 0; i < units; ++i) {
      bias[i] = input[units + i] + state[units + i];
      bias[units + i] = input[i] + state[i];
      bias[2 * units + i] = input[2 * units + i];
      bias[3 * units + i] = state[2 * units + i];
    }
  }

  template <class PrimitiveDesc>
  void Bind(const TensorMap& weights, const PrimitiveDesc& desc) {
    arguments_ = {
        {DNNL_ARG_SRC_LAYER, memory(desc.src_layer_desc(), engine_)},
        {DNNL_ARG_SRC_ITER, memory(desc.src_iter_desc(), engine_)},
        {DNNL_ARG_WEIGHTS_LAYER,
         Packed(weights.at("cell.weight_input"), desc.weights_layer_desc())},
        {DNNL_ARG_WEIGHTS_ITER, Packed(weights.at("cell.weight_state"), desc.weights_iter_desc())},
        {DNNL_ARG_BIAS, memory(desc.bias_desc(), engine_)},
        {DNNL_ARG_DST_LAYER, memory(desc.dst_layer_desc(), engine_)},
        {DNNL_ARG_DST_ITER, memory(desc.dst_iter_desc(), engine_)},
    };
  }

  // A [gates x units, in] tensor as [in, gate, unit], then in the format of `desc`.
  memory Packed(const Tensor& tensor, const memory::desc& desc) {
    const size_t units = shape_.units, gates = Gates(shape_.cell);
    const auto c = static_cast<memory::dim>(units);
    memory plain(Desc({1, 1, c, static_cast<memory::dim>(gates), c}, Tag::ldigo), engine_);
    float* to = Values(plain);
    for (size_t k = 0; k < units; ++k) {
      for (size_t g = 0; g < gates; ++g) {
        const float* from = tensor.values.data() + OurGate(shape_.cell, g) * units * units + k;
        for (size_t unit = 0; unit < units; ++unit) *to++ = from[unit * units];
      }
    }
    memory packed(desc, engine_);
    dnnl::reorder(plain, packed).execute(stream_, plain, packed);
    stream_.wait();
    return packed;
  }

  void Clear() {
    for (const int argument : {DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C}) {
      const auto found = arguments_.find(argument);
      if (found == arguments_.end()) continue;
      std::fill_n(Values(found->second), shape_.rows * shape_.units, 0.0f);
    }
  }

  const Shape shape_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  memory::desc layer_, iter_, weight_, bias_;
  dnnl::primitive primitive_;
  Arguments arguments_;
  AlignedVector<float> inputs_;
};

}  // namespace

std::unique_ptr<Contestant> MakeOneDnn(const Shape& shape, const TensorMap& weights) {
  return std::make_unique<OneDnn>(shape, weights);
}

}  // namespace sequent::bench
