// Steps of cells whose products are done: elementwise over ready sums.
//
// For cells that look at no other unit's state (indrnn, qrnn), and for an LSTM with peepholes,
// whose gates need the cell before they are complete. Rows are given by address, sums gate by gate,
// each of `units` floats; `h_out` rows must not overlap those of `h`.
//
// The same instructions for every row and lane, tails included, so rows and steps do not depend on
// each other's company. Gates' absolute error: elementwise.h. Thread safety: pure functions.
#ifndef SEQUENT_CORE_KERNELS_SCAN_H_
#define SEQUENT_CORE_KERNELS_SCAN_H_

#include <cstddef>

namespace sequent::kernels {

// h' = relu(sums + u h); `u`, `sums[r]`, `h[r]`: [units].
void IndRnnStep(size_t units, const float* u, size_t rows, const float* const* sums,
                const float* const* h, float* const* h_out);

// z, f, o = tanh, s, s of `sums[r]`; c' = f c + (1 - f) z, in place; h' = o c'.
void QrnnStep(size_t units, size_t rows, const float* const* sums, float* const* c,
              float* const* h_out);

// The sums of i, f, g, o are input[r] + state[r], and of i and f plus p c, of o plus p c';
// c' = s(f) c + s(i) tanh(g), in place; h' = s(o) tanh(c'). `peephole`: p of i, f, o, each [units].
void PeepholeLstmStep(size_t units, const float* peephole, size_t rows, const float* const* input,
                      const float* const* state, float* const* c, float* const* h_out);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_SCAN_H_
