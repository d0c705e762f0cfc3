// Counts what operator new hands out. Linking this in replaces it for the whole program.
#ifndef SEQUENT_TESTS_SUPPORT_ALLOCATION_COUNT_H_
#define SEQUENT_TESTS_SUPPORT_ALLOCATION_COUNT_H_

#include <cstdint>

namespace sequent {

// Allocations so far, of all threads.
int64_t AllocationCount();

}  // namespace sequent

#endif  // SEQUENT_TESTS_SUPPORT_ALLOCATION_COUNT_H_
