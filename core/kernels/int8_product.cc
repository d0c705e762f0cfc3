#include "core/kernels/int8_product.h"

#include <algorithm>

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/int8_product.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/epilogue-inl.h"
#include "core/kernels/int8_walk-inl.h"
#include "core/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

void Int8ProductDispatch(const Int8Matrix& w, size_t rows, const Int8Rows& x, const float* bias,
                         float* const* y, const PanelWalk& walk) {
  const Int8Tile tile = ChosenInt8Tile();
  const size_t width = w.gates() == 0 ? w.outputs() : w.packed_width();
  ForEachInt8Tile(w, walk, rows, [&](size_t panel, size_t row, size_t count) HWY_ATTR {
    Int8Term term;
    term.Set(tile, w, panel, count, x.From(row));
    const size_t offset = panel * w.panel_width();
    const size_t columns = std::min(w.vectors(panel) * kInt8Lanes, width - offset);
    for (size_t r = 0; r < count; ++r) {
      for (size_t column = 0; column < columns; column += kLanes) {
        const Vec start =
            bias == nullptr ? hn::Zero(Floats()) : hn::Load(Floats(), bias + offset + column);
        StorePart(term.AddTo(start, r, column), y[row + r] + offset + column,
                  std::min(kLanes, columns - column));
      }
    }
  });
}

// Rows whose epilogues go side by side.
constexpr size_t kSideBySide = 3;

// A tile of input + U h, worked out vector by vector as the epilogue asks for it.
class Int8Sums {
 public:
  HWY_INLINE Int8Sums(const Int8Matrix& u, const Int8StepInput& input)
      : u_(u), input_(input), tile_(ChosenInt8Tile()) {}

  HWY_INLINE void Move(size_t panel, size_t row, size_t count, const Int8Rows& qh) {
    row_ = row;
    offset_ = panel * u_.panel_width();
    if (input_.sums == nullptr) {
      x_.Set(tile_, *input_.weight, panel, count, input_.x.From(row));
    }
    h_.Set(tile_, u_, panel, count, qh.From(row));
  }

  // W x + b of the N rows from the tile's row r on, from the panel's column `column` on.
  template <size_t N>
  HWY_INLINE Group<N> Input(size_t r, size_t column) const {
    if (input_.sums != nullptr) {
      return Each<N>([&](size_t i) HWY_ATTR {
        return hn::LoadU(Floats(), input_.sums[row_ + r + i] + offset_ + column);
      });
    }
    const Vec start = input_.bias == nullptr ? hn::Zero(Floats())
                                             : hn::Load(Floats(), input_.bias + offset_ + column);
    return Each<N>([&](size_t i) HWY_ATTR { return x_.AddTo(start, r + i, column); });
  }
  template <size_t N>
  HWY_INLINE Group<N> AddRecurrent(const Group<N>& start, size_t r, size_t column) const {
    return Each<N>([&](size_t i) HWY_ATTR { return h_.AddTo(start[i], r + i, column); });
  }
  template <size_t N>
  HWY_INLINE Group<N> Whole(size_t r, size_t column) const {
    return AddRecurrent(Input<N>(r, column), r, column);
  }

 private:
  const Int8Matrix& u_;
  const Int8StepInput& input_;
  const Int8Tile tile_;
  size_t row_ = 0, offset_ = 0;
  Int8Term x_, h_;
};

// N rows of a tile from its row r on, for the epilogues: gate g stands in the panel's columns from
// `column` + g * kInt8Lanes on.
template <size_t N>
struct Int8Group {
  static constexpr size_t kRows = N;

  const Int8Sums& sums;
  size_t r, column;
  Units units;

  HWY_INLINE Group<N> Gate(size_t g) const { return sums.Whole<N>(r, Column(g)); }
  HWY_INLINE Group<N> InputHalf(size_t g) const { return sums.Input<N>(r, Column(g)); }
  HWY_INLINE Group<N> StateHalf(size_t g, const float* bias) const {
    const Vec start =
        bias == nullptr ? hn::Zero(Floats()) : hn::LoadU(Floats(), bias + units.Begin(0));
    return sums.AddRecurrent(Each<N>([&](size_t) HWY_ATTR { return start; }), r, Column(g));
  }
  HWY_INLINE size_t Column(size_t g) const { return column + g * kInt8Lanes; }
};

// Calls body(Int8Group<N>) for all rows and units. `u` is in gate order.
template <class Body>
HWY_INLINE void ForEachUnits(const Int8Matrix& u, size_t rows, const Int8StepInput& input,
                             const Int8Rows& qh, const PanelWalk& walk, const Body& body) {
  Int8Sums sums(u, input);
  const size_t width = u.panel_width() / u.gates();  // units of a panel
  ForEachInt8Tile(u, walk, rows, [&](size_t panel, size_t row, size_t count) HWY_ATTR {
    sums.Move(panel, row, count, qh);
    const size_t first = panel * width, end = std::min(width, u.units() - first);
    Owner owners[kInt8TileRows];
    for (size_t r = 0; r < count; ++r) {
      owners[r] = {static_cast<uint32_t>(row + r), static_cast<uint32_t>(first)};
    }
    for (size_t column = 0; column < end; column += kLanes) {
      const size_t n = std::min(kLanes, end - column);
      size_t r = 0;
      for (; r + kSideBySide <= count; r += kSideBySide) {
        body(Int8Group<kSideBySide>{sums, r, column, {owners + r, column, n}});
      }
      for (; r < count; ++r) body(Int8Group<1>{sums, r, column, {owners + r, column, n}});
    }
  });
}

void Int8RnnStepDispatch(const Int8Matrix& u, Function f, size_t rows, const Int8StepInput& input,
                         const Int8Rows& qh, float* const* h_out, const PanelWalk& walk) {
  ForEachUnits(u, rows, input, qh, walk, [&](const auto& at) HWY_ATTR { FinishRnn(at, f, h_out); });
}

void Int8LstmStepDispatch(const Int8Matrix& u, size_t rows, const Int8StepInput& input,
                          const Int8Rows& qh, const float* const* c, float* const* c_out,
                          float* const* h_out, const PanelWalk& walk) {
  ForEachUnits(u, rows, input, qh, walk,
               [&](const auto& at) HWY_ATTR { FinishLstm(at, c, c_out, h_out); });
}

void Int8GruAfterStepDispatch(const Int8Matrix& u, const float* bias_state_n, UpdateGate update,
                              size_t rows, const Int8StepInput& input, const Int8Rows& qh,
                              const float* const* h, float* const* h_out, const PanelWalk& walk) {
  ForEachUnits(u, rows, input, qh, walk, [&](const auto& at) HWY_ATTR {
    FinishGruAfter(at, bias_state_n, update, h, h_out);
  });
}

void Int8GruBeforeGatesDispatch(const Int8Matrix& u_rz, size_t rows, const Int8StepInput& input_rz,
                                const Int8Rows& qh, const float* const* h,
                                float* const* update_sums, float* const* reset_h,
                                const PanelWalk& walk) {
  ForEachUnits(u_rz, rows, input_rz, qh, walk,
               [&](const auto& at) HWY_ATTR { FinishGruBeforeGates(at, h, update_sums, reset_h); });
}

void Int8GruBeforeStateDispatch(const Int8Matrix& u_n, UpdateGate update, size_t rows,
                                const Int8StepInput& input_n, const Int8Rows& q_reset_h,
                                const float* const* h, const float* const* update_sums,
                                float* const* h_out, const PanelWalk& walk) {
  ForEachUnits(u_n, rows, input_n, q_reset_h, walk, [&](const auto& at) HWY_ATTR {
    FinishGruBeforeState(at, update, h, update_sums, h_out);
  });
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(Int8ProductDispatch);
HWY_EXPORT(Int8RnnStepDispatch);
HWY_EXPORT(Int8LstmStepDispatch);
HWY_EXPORT(Int8GruAfterStepDispatch);
HWY_EXPORT(Int8GruBeforeGatesDispatch);
HWY_EXPORT(Int8GruBeforeStateDispatch);

void Product(const Int8Matrix& w, size_t rows, const Int8Rows& x, const float* bias,
             float* const* y, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(Int8ProductDispatch)(w, rows, x, bias, y, walk);
}

void RnnStep(const Int8Matrix& u, Function f, size_t rows, const Int8StepInput& input,
             const Int8Rows& qh, float* const* h_out, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(Int8RnnStepDispatch)(u, f, rows, input, qh, h_out, walk);
}

void LstmStep(const Int8Matrix& u, size_t rows, const Int8StepInput& input, const Int8Rows& qh,
              const float* const* c, float* const* c_out, float* const* h_out,
              const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(Int8LstmStepDispatch)(u, rows, input, qh, c, c_out, h_out, walk);
}

void GruAfterStep(const Int8Matrix& u, const float* bias_state_n, UpdateGate update, size_t rows,
                  const Int8StepInput& input, const Int8Rows& qh, const float* const* h,
                  float* const* h_out, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(Int8GruAfterStepDispatch)
  (u, bias_state_n, update, rows, input, qh, h, h_out, walk);
}

void GruBeforeGates(const Int8Matrix& u_rz, size_t rows, const Int8StepInput& input_rz,
                    const Int8Rows& qh, const float* const* h, float* const* update_sums,
                    float* const* reset_h, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(Int8GruBeforeGatesDispatch)
  (u_rz, rows, input_rz, qh, h, update_sums, reset_h, walk);
}

void GruBeforeState(const Int8Matrix& u_n, UpdateGate update, size_t rows,
                    const Int8StepInput& input_n, const Int8Rows& q_reset_h, const float* const* h,
                    const float* const* update_sums, float* const* h_out, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(Int8GruBeforeStateDispatch)
  (u_n, update, rows, input_n, q_reset_h, h, update_sums, h_out, walk);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
