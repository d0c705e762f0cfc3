#include "tests/bench/kernel/plan.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/precision.h"
#include "tests/bench/kernel/contestant.h"

namespace sequent::bench {
namespace {

template <typename T>
bool Wanted(const std::vector<T>& values, const T& value) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

bool Selected(const Selection& selection, const Planned& planned) {
  const Shape& shape = planned.shape;
  return Wanted(selection.kinds, planned.kind) &&
         Wanted(selection.cells, std::string(CellName(shape.cell))) &&
         Wanted(selection.units, shape.units) && Wanted(selection.rows, shape.rows) &&
         Wanted(selection.steps, shape.steps);
}

// The largest multiple of 64 units whose bf16 weights take four fifths of the L2 cache at most.
size_t Bf16Units(Cell cell) {
  const long reported = sysconf(_SC_LEVEL2_CACHE_SIZE);
  const size_t cache = reported > 0 ? static_cast<size_t>(reported) : 2 << 20;
  size_t units = 64;
  while (2 * 2 * Gates(cell) * (units + 64) * (units + 64) <= cache / 5 * 4) units += 64;
  return units;
}

void AddPrecisions(Cell cell, std::vector<Planned>* points) {
  points->push_back({"precision", {cell, Bf16Units(cell), 1, 1}});
  for (const size_t units : {256, 512, 1024}) {
    points->push_back({"precision", {cell, units, 1, 1}});
    for (const size_t steps : {1, 16}) {
      for (const size_t rows : {32, 64, 128}) {
        points->push_back({"precision", {cell, units, rows, steps}});
      }
    }
  }
}

using Sizes = std::vector<size_t>;

Sizes Or(const Sizes& wanted, const Sizes& grid) { return wanted.empty() ? grid : wanted; }

// The grid; of a size that is asked for those instead.
void AddSteps(Cell cell, const Selection& selection, std::vector<Planned>* points) {
  for (const size_t units : Or(selection.units, {64, 128, 256, 512, 1024})) {
    for (const size_t steps : Or(selection.steps, {1, 16})) {
      for (const size_t rows : Or(selection.rows, {1, 2, 4, 8, 16, 32, 64, 128})) {
        points->push_back({"step", {cell, units, rows, steps}});
      }
    }
  }
}

std::vector<Planned> Everything(const Selection& selection) {
  std::vector<Planned> points;
  for (const Cell cell : {Cell::kLstm, Cell::kGru}) {
    AddSteps(cell, selection, &points);
    points.push_back({"chunk", {cell, 512, 1, 100}});
    for (const size_t rows : {1, 64}) points.push_back({"threads", {cell, 512, rows, 1}});
    AddPrecisions(cell, &points);
  }
  return points;
}

}  // namespace

std::vector<Planned> Plan(const Selection& selection) {
  std::vector<Planned> points = Everything(selection);
  std::erase_if(points, [&](const Planned& planned) { return !Selected(selection, planned); });
  return points;
}

double PointMaker::Tolerance(const std::string& kind) {
  if (kind == "threads") return 0;
  if (kind == "precision") return 0.02;  // of the units' mean; the weights are rounded
  // fp32 sums of 2048 products in another order, a hundred steps deep, differ by less.
  return 1e-4;
}

const TensorMap& PointMaker::Weights(const Shape& shape) {
  if (shape.cell != last_.cell || shape.units != last_.units) {
    weights_ = MakeWeights(shape.cell, shape.units);
    last_ = shape;
  }
  return weights_;
}

std::unique_ptr<Point> PointMaker::Make(const Planned& planned) {
  const Shape& shape = planned.shape;
  const TensorMap& weights = Weights(shape);
  auto point = std::make_unique<Point>(shape, planned.kind);
  if (planned.kind == "threads") {
    point->Add("one", MakeOurModel(shape, weights, Precision::kFp32, nullptr));
    if (two_threads_ != nullptr) {
      point->Add("two", MakeOurModel(shape, weights, Precision::kFp32, two_threads_));
    }
    return point;
  }
  if (planned.kind == "precision") {
    for (const auto& [precision, bytes] :
         {std::pair(Precision::kFp32, 4), {Precision::kBf16, 2}, {Precision::kInt8, 1}}) {
      point->Add(PrecisionName(precision), MakeOurModel(shape, weights, precision, nullptr), bytes);
    }
    return point;
  }
  point->Add("ours", MakeOurs(shape, weights));
  for (const std::string& name : against_) {
    if (auto contestant = MakeContestant(name, shape, weights)) {
      point->Add(name, std::move(contestant));
    }
  }
  return point;
}

}  // namespace sequent::bench
