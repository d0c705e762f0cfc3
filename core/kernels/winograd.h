// Products with two multiply-adds for three weights: Winograd's inner product.
//
// x1 w1 + x2 w2 = (x1 + w2) (x2 + w1) - x1 x2 - w1 w2 (S. Winograd, A new algorithm for inner
// product, IEEE Trans. Computers C-17, 1968): one multiply-add and two additions where there were
// two multiply-adds. Sums of x1 x2 are a row's own, worked out once for all outputs; those of
// w1 w2 are a column's own, worked out at load. It pays where a core adds beside its multiply-adds:
// AMD's with AVX-512 have units of their own for two additions a cycle. Of every three weights two
// go by this identity and one by a multiply-add of its own, so that both kinds of units are busy:
// three weights take the time of two.
//
// K inputs make m = K / 3 triples (j, j + m, j + 2m), j < m: x[j] and x[j + m] are a pair, x[j +
// 2m] goes alone, and so do the K % 3 last ones. A sum's order is triple by triple, pair before
// single, then the rest, whatever shares the batch: batch invariance holds as for plain products.
//
// Rounding. A pair's errors are relative to (|x| + |w|)^2, not to |x| |w|, so x and w must be of
// about one size (R. P. Brent, Numer. Math. 16, 1970). Powers of two see to that, exactly: each
// input's weights are divided by one so that all inputs' are about alike, and the input multiplied
// by it; then a row whose largest input is far from what inputs usually are is scaled to the
// weights, and its sums back. A cell's states, which are known to lie within [-1, 1], need no scale
// of their own. Errors are then 1.03 to 1.5 times those of multiply-adds alone, 2.6 times where all
// inputs have one sign (docs/performance.md).
//
// Thread safety: pure functions, but for the choice.
#ifndef SEQUENT_CORE_KERNELS_WINOGRAD_H_
#define SEQUENT_CORE_KERNELS_WINOGRAD_H_

#include <cstddef>

#include "core/kernels/packed_matrix.h"

namespace sequent::kernels {

// Whether it makes products faster here: what was last set; at first, whether the processor is one
// of AMD's. A function of the machine alone, so that its results are the same from run to run.
bool WinogradPays();
void SetWinogradPays(bool pays);

// Whether the SIMD target has registers enough; else matrices are packed for multiply-adds.
bool WinogradFits();

// How fp32 products go here: "winograd" or "multiply-add".
const char* ProductsName();

// x[r], w.inputs() floats, becomes to[r], RowLayout(w.inputs()).floats(): what a product with
// w takes if w.triples() > 0. 64-byte aligned.
void PrepareRows(const PackedMatrix& w, size_t rows, const float* const* x, float* const* to);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_WINOGRAD_H_
