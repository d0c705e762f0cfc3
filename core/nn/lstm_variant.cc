// An LSTM with peepholes, with a projection of what it puts out, or with both.
//
// m' is what a plain LSTM calls h'. With a projection h' = P m', without one h' = m'. With
// peepholes the gates i and f see c and o sees c', so they cannot be completed while the sums are
// made: both halves are products, and one pass over them does the rest.
#include <utility>

#include "core/kernels/scan.h"
#include "core/nn/input_half.h"
#include "core/nn/layer.h"
#include "core/nn/recurrent.h"
#include "core/nn/weights.h"

namespace sequent {
namespace {

// State: h of `output_width`, then c of `units`.
class LstmVariant : public Layer {
 public:
  // `projection` empty (no inputs): none.
  LstmVariant(size_t units, size_t width, InputHalf input, Weights recurrent, Weights projection)
      : Layer(width, {width, units}),
        units_(units),
        input_(std::move(input)),
        recurrent_(std::move(recurrent)),
        projection_(std::move(projection)) {}

 protected:
  // Runs the window; cell(t, rows, pair, prepared h, c, m) advances c and sets m.
  template <typename Cell>
  void Run(const Window& window, float* const* states, Pass* pass, Signal* output,
           const Cell& cell) const {
    float** h_all = pass->arena.AllocateRows(window.pairs(), output_width());
    float** c = pass->arena.Allocate<float*>(window.rows);
    for (size_t r = 0; r < window.rows; ++r) c[r] = states[r] + state_offset(1);
    const bool project = projection_.inputs() > 0;
    float** m = project ? pass->arena.AllocateRows(window.rows, units_) : nullptr;
    Prepared prepared = recurrent_.Reserve(window.rows, &pass->arena);
    Prepared projected;
    if (project) projected = projection_.Reserve(window.rows, &pass->arena);
    RunSteps(window, output_width(), states, h_all,
             [&](size_t t, size_t rows, size_t pair, const float* const* h, float* const* h_out) {
               recurrent_.Prepare(rows, h, &prepared);
               cell(t, rows, pair, prepared, c, project ? m : h_out);
               if (project) Project(t, rows, m, pass, &projected, h_out);
             });
    output->vectors = h_all;
  }

  const size_t units_;
  const InputHalf input_;
  const Weights recurrent_;

 private:
  void Project(size_t t, size_t rows, const float* const* m, Pass* pass, Prepared* prepared,
               float* const* h_out) const {
    projection_.Prepare(rows, m, prepared);
    pass->ForPanels(projection_, rows, t, [&](const kernels::PanelWalk& walk) {
      projection_.Product(rows, *prepared, nullptr, h_out, walk);
    });
  }

  const Weights projection_;
};

class ProjectedLstm final : public LstmVariant {
 public:
  using LstmVariant::LstmVariant;

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const InputHalf::Steps input = input_.Begin(window, inputs[0], pass);
    Run(window, states, pass, output,
        [&](size_t t, size_t rows, size_t pair, const Prepared& h, float* const* c,
            float* const* m) {
          pass->ForPanels(recurrent_, rows, t, [&](const kernels::PanelWalk& walk) {
            LstmStep(recurrent_, rows, input.At(pair), h, c, c, m, walk);
          });
        });
  }
};

class PeepholeLstm final : public LstmVariant {
 public:
  // Matrices in plain order; `peephole`: i, f, o, each [units].
  PeepholeLstm(size_t units, size_t width, InputHalf input, Weights recurrent, Weights projection,
               AlignedVector<float> peephole)
      : LstmVariant(units, width, std::move(input), std::move(recurrent), std::move(projection)),
        peephole_(std::move(peephole)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const float* const* input = input_.Sums(window, inputs[0], pass);
    float** sums = pass->arena.AllocateRows(window.rows, 4 * units_);
    Run(window, states, pass, output,
        [&](size_t t, size_t rows, size_t pair, const Prepared& h, float* const* c,
            float* const* m) {
          pass->ForPanels(recurrent_, rows, t, [&](const kernels::PanelWalk& walk) {
            recurrent_.Product(rows, h, nullptr, sums, walk);
          });
          kernels::PeepholeLstmStep(units_, peephole_.data(), rows, input + pair, sums, c, m);
        });
  }

 private:
  const AlignedVector<float> peephole_;
};

}  // namespace

std::unique_ptr<const Layer> MakeLstmVariant(const Node& node, const LayerInput& in,
                                             const TensorMap& tensors) {
  const size_t units = node.units;
  const Tensor& w = tensors.at(node.name + ".weight_input");
  const Tensor& u = tensors.at(node.name + ".weight_state");
  const float* b = tensors.at(node.name + ".bias").values.data();
  Weights projection;
  if (node.projection) {
    projection = Weights::Pack(tensors.at(node.name + ".projection"), Vectors::kWithinOne);
  }
  const Vectors states = node.projection ? Vectors::kAnySize : Vectors::kWithinOne;
  if (node.peepholes) {
    return std::make_unique<PeepholeLstm>(
        units, node.width, InputHalf(Weights::Pack(w), b, in.embedding), Weights::Pack(u, states),
        std::move(projection), tensors.at(node.name + ".peephole").values);
  }
  return std::make_unique<ProjectedLstm>(
      units, node.width, InputHalf(Weights::PackGates(w, units, 0, 4), b, in.embedding),
      Weights::PackGates(u, units, 0, 4, states), std::move(projection));
}

}  // namespace sequent
