// What the packed matrices' layouts have in common.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_KERNELS_LAYOUT_H_
#define SEQUENT_CORE_KERNELS_LAYOUT_H_

#include <cstddef>

namespace sequent::kernels {

// Vectors of a panel in plain order.
inline constexpr size_t kPlainVectors = 4;

// Where the packed column `column` stands in gate-major order; `outputs` if it is padding. With up
// to one gate: in its place.
size_t SourceOf(size_t column, size_t gates, size_t units, size_t lanes, size_t outputs);

size_t SecondLevelCacheBytes();  // of a core

// Whether a matrix of so many bytes is too large to stay in the second-level cache from one use to
// the next, beside what else is used.
bool TooLargeToStay(size_t bytes);
// Whether parts of it are gone by then.
bool TooLargeToStayWhole(size_t bytes);
// Whether it is so large that it likely comes from the far end of the third-level cache, or from
// beyond: what that cache is said to hold is often shared with cores that are not even ours.
bool TooLargeToStayNear(size_t bytes);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_LAYOUT_H_
