#include "tests/bench/kernel/probe.h"

#include <algorithm>
#include <chrono>

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/bench/kernel/probe.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace sequent::bench::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Floats>;
constexpr size_t kLanes = hn::MaxLanes(Floats());

// Twelve chains in named registers: more than latency x ports of any core (4 x 2, 5 x 2), and with
// the two factors they fit into 16 registers. They begin with different values, else the compiler
// would find that they are one; the result goes to `io`, else that they are none. Returns the
// operations done. `io`: twelve beginnings, the factor, the term, and the result.
constexpr size_t kChains = 12;

double Flops(size_t rounds, float* io) {
  const Floats d;
  const Vec m = hn::Set(d, io[kChains]), b = hn::Set(d, io[kChains + 1]);
  Vec a0 = hn::Set(d, io[0]), a1 = hn::Set(d, io[1]), a2 = hn::Set(d, io[2]);
  Vec a3 = hn::Set(d, io[3]), a4 = hn::Set(d, io[4]), a5 = hn::Set(d, io[5]);
  Vec a6 = hn::Set(d, io[6]), a7 = hn::Set(d, io[7]), a8 = hn::Set(d, io[8]);
  Vec a9 = hn::Set(d, io[9]), a10 = hn::Set(d, io[10]), a11 = hn::Set(d, io[11]);
  for (size_t i = 0; i < rounds; ++i) {
    a0 = hn::MulAdd(a0, m, b);
    a1 = hn::MulAdd(a1, m, b);
    a2 = hn::MulAdd(a2, m, b);
    a3 = hn::MulAdd(a3, m, b);
    a4 = hn::MulAdd(a4, m, b);
    a5 = hn::MulAdd(a5, m, b);
    a6 = hn::MulAdd(a6, m, b);
    a7 = hn::MulAdd(a7, m, b);
    a8 = hn::MulAdd(a8, m, b);
    a9 = hn::MulAdd(a9, m, b);
    a10 = hn::MulAdd(a10, m, b);
    a11 = hn::MulAdd(a11, m, b);
  }
  const Vec sum = hn::Add(hn::Add(hn::Add(a0, a1), hn::Add(a2, a3)),
                          hn::Add(hn::Add(hn::Add(a4, a5), hn::Add(a6, a7)),
                                  hn::Add(hn::Add(a8, a9), hn::Add(a10, a11))));
  io[kChains + 2] = hn::GetLane(hn::SumOfLanes(d, sum));
  return 2.0 * kChains * static_cast<double>(rounds) * kLanes;
}

// Reads `n` floats, a multiple of kGrain, in `kStreams` places at once, asking for what comes
// `ahead` floats later.
template <size_t kStreams, bool kPrefetch>
float Read(const float* HWY_RESTRICT from, size_t n, size_t ahead) {
  const Floats d;
  const size_t part = n / kStreams;
  Vec a0 = hn::Zero(d), a1 = a0, a2 = a0, a3 = a0;
  for (size_t i = 0; i + 4 * kLanes <= part; i += 4 * kLanes) {
    for (size_t s = 0; s < kStreams; ++s) {
      const float* at = from + s * part + i;
      if constexpr (kPrefetch) {
        for (size_t line = 0; line < 4 * kLanes; line += 16) hwy::Prefetch(at + ahead + line);
      }
      a0 = hn::Or(a0, hn::Load(d, at));
      a1 = hn::Or(a1, hn::Load(d, at + kLanes));
      a2 = hn::Or(a2, hn::Load(d, at + 2 * kLanes));
      a3 = hn::Or(a3, hn::Load(d, at + 3 * kLanes));
    }
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Or(hn::Or(a0, a1), hn::Or(a2, a3))));
}

float ReadInWay(size_t way, const float* from, size_t n) {
  switch (way) {
    case 0:
      return Read<1, false>(from, n, 0);
    case 1:
      return Read<4, false>(from, n, 0);
    case 2:
      return Read<1, true>(from, n, 512);
    default:
      return Read<4, true>(from, n, 512);
  }
}

}  // namespace sequent::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::bench {
namespace {

HWY_EXPORT(Flops);
HWY_EXPORT(ReadInWay);

constexpr size_t kWays = 4;
constexpr int kUnmeasured = 3;      // a victim cache holds what it lost again at the third reading
constexpr double kWindow = 300e-6;  // seconds
constexpr int kFlopsWindows = 3;
// Floats: whole groups of vectors for every target and number of streams.
constexpr size_t kGrain = 1024;

volatile float sink;

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What `run` says it has done, over one window.
template <class Body>
double PerSecond(const Body& run) {
  double done = 0;
  const double begin = Seconds();
  double end = begin;
  while (end < begin + kWindow) {
    done += run();
    end = Seconds();
  }
  return done / (end - begin);
}

}  // namespace

double ProbeFlops() {
  // Chains settle at 2: no denormals, no overflow.
  float io[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0.5f, 1, 0};
  const auto flops = HWY_DYNAMIC_DISPATCH(Flops);
  double best = 0;
  for (int i = 0; i < kFlopsWindows; ++i) {
    best = std::max(best, PerSecond([&] { return flops(20000, io); }));
  }
  sink = io[14];
  return best;
}

BandwidthProbe::BandwidthProbe(size_t bytes)
    : buffer_(std::max(RoundUp(bytes / sizeof(float), kGrain), kGrain), 1.0f) {}

double BandwidthProbe::Best() const {
  const auto read = HWY_DYNAMIC_DISPATCH(ReadInWay);
  for (int i = 0; i < kUnmeasured; ++i) sink = read(0, buffer_.data(), buffer_.size());
  double best = 0;
  for (size_t way = 0; way < kWays; ++way) {
    best = std::max(best, PerSecond([&] {
                      sink = read(way, buffer_.data(), buffer_.size());
                      return static_cast<double>(buffer_.size() * sizeof(float));
                    }));
  }
  return best;
}

}  // namespace sequent::bench
#endif  // HWY_ONCE
