#include "core/kernels/third_level.h"

#include <atomic>

namespace sequent::kernels {
namespace {

std::atomic<bool> keeps_up = false;

}  // namespace

bool ThirdLevelKeepsUp() { return keeps_up.load(std::memory_order_relaxed); }

void SetThirdLevelKeepsUp(bool now) { keeps_up.store(now, std::memory_order_relaxed); }

}  // namespace sequent::kernels
