// Rows of floats as kernels take them: by address, unaligned, with guards between them that no
// kernel may write to.
#ifndef SEQUENT_TESTS_CORE_KERNELS_ROWS_H_
#define SEQUENT_TESTS_CORE_KERNELS_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sequent::kernels {

// `n` numbers, normal with this standard deviation.
std::vector<float> RandomVector(size_t n, uint64_t seed, float deviation = 1);

// Equal as bits: NaN equals itself, and 0 does not equal -0.
bool SameBits(std::span<const float> a, std::span<const float> b);

class Rows {
 public:
  Rows(size_t count, size_t width);
  // Row r is the same whatever `count` is.
  static Rows Random(size_t count, size_t width, uint64_t seed);

  // A copy of the first `count` rows.
  Rows First(size_t count) const;

  size_t count() const { return addresses_.size(); }
  size_t width() const { return width_; }
  std::span<float> operator[](size_t r) { return {addresses_[r], width_}; }
  std::span<const float> operator[](size_t r) const { return {addresses_[r], width_}; }
  const float* const* in(size_t first = 0) const { return addresses_.data() + first; }
  float* const* out(size_t first = 0) { return addresses_.data() + first; }

  bool GuardsHold() const;

  Rows(Rows&&) = default;
  Rows(const Rows& other);
  Rows& operator=(const Rows&) = delete;

 private:
  size_t width_;
  std::vector<float> data_;
  std::vector<float*> addresses_;
};

bool SameBits(const Rows& a, const Rows& b);

}  // namespace sequent::kernels

#endif  // SEQUENT_TESTS_CORE_KERNELS_ROWS_H_
