// Matrix products over rows that are given by address.
//
// Batch invariance: each output element is a sum in one fixed order (initial value, then k = 0, 1,
// ...), by multiply-adds (fused on targets that fuse), whatever the number of rows and wherever a
// row stands among them. A sum stored and continued later has the same bits as one that was never
// interrupted.
//
// Rows need not be aligned. `y` rows must not overlap `x` rows. Thread safety: pure functions.
#ifndef SEQUENT_CORE_KERNELS_PRODUCT_H_
#define SEQUENT_CORE_KERNELS_PRODUCT_H_

#include <cstddef>

#include "core/kernels/packed_matrix.h"
#include "core/kernels/panel_walk.h"

namespace sequent::kernels {

enum class Start {
  kZero,        // y = W x
  kBias,        // y = bias + W x
  kAccumulate,  // y += W x, continuing y's sums
};

// For each row r: y[r] from W x[r]; x[r] has w.inputs() floats. A Pack'ed matrix writes exactly
// w.outputs() floats to y[r]; a PackGates'ed one writes w.packed_width() floats in packed order.
// A walk over part of the panels sets only their columns.
// `bias` (Start::kBias) comes from w.PackVector and has packed_width() floats; else nullptr.
void Product(const PackedMatrix& w, size_t rows, const float* const* x, Start start,
             const float* bias, float* const* y, const PanelWalk& walk = {});

// What the run-time dispatch chose: "AVX2", "AVX3", "SSE4", "NEON", ...
const char* TargetName();

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_PRODUCT_H_
