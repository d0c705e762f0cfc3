#include "core/train/finite.h"

#include <bit>
#include <cmath>
#include <cstdint>

namespace sequent::train {
namespace {

template <typename T>
bool TensorIsFinite(const Network<T>& network, size_t tensor, const std::vector<T>& values) {
  const size_t end =
      tensor + 1 < network.table().size() ? network.offset(tensor + 1) : network.parameter_count();
  for (size_t i = network.offset(tensor); i < end; ++i) {
    if (!std::isfinite(values[i])) return false;
  }
  return true;
}

}  // namespace

// Integers, because a loop over them needs no branch and becomes SIMD.
template <typename T>
bool AllFinite(std::span<const T> values) {
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  constexpr Bits kExponent = sizeof(T) == 8 ? Bits(0x7ff0000000000000) : Bits(0x7f800000);
  Bits bad = 0;
  for (const T value : values) bad |= (std::bit_cast<Bits>(value) & kExponent) == kExponent;
  return bad == 0;
}

template <typename T>
size_t FirstNotFinite(const Network<T>& network, const std::vector<Tape<T>>& tapes) {
  const Graph& graph = network.graph();
  for (size_t node = 0; node < graph.nodes.size(); ++node) {
    for (const Tape<T>& tape : tapes) {
      if (node < tape.nodes.size() && !AllFinite<T>(tape.nodes[node].y)) return node;
    }
  }
  for (size_t head = 0; head < graph.heads.size(); ++head) {
    for (const Tape<T>& tape : tapes) {
      if (head < tape.head_out.size() && !AllFinite<T>(tape.head_out[head])) {
        return graph.nodes.size() + head;
      }
    }
  }
  return kNowhere;
}

template <typename T>
std::string DescribePlace(const Network<T>& network, size_t place,
                          const std::vector<T>& gradients) {
  const Graph& graph = network.graph();
  if (place < graph.nodes.size()) return StrCat("layer '", graph.nodes[place].name, "'");
  if (place != kNowhere) {
    return StrCat("head '", graph.heads[place - graph.nodes.size()].name, "'");
  }
  for (size_t tensor = network.table().size(); tensor-- > 0;) {
    if (!TensorIsFinite(network, tensor, gradients)) {
      return StrCat("gradient of ", network.table()[tensor].name);
    }
  }
  return "the loss alone";
}

template <typename T>
std::string TensorNotFinite(const Network<T>& network, const std::vector<T>& values) {
  for (size_t tensor = 0; tensor < network.table().size(); ++tensor) {
    if (!TensorIsFinite(network, tensor, values)) return network.table()[tensor].name;
  }
  return "";
}

template bool AllFinite(std::span<const float>);
template bool AllFinite(std::span<const double>);
template size_t FirstNotFinite(const Network<float>&, const std::vector<Tape<float>>&);
template size_t FirstNotFinite(const Network<double>&, const std::vector<Tape<double>>&);
template std::string DescribePlace(const Network<float>&, size_t, const std::vector<float>&);
template std::string DescribePlace(const Network<double>&, size_t, const std::vector<double>&);
template std::string TensorNotFinite(const Network<float>&, const std::vector<float>&);
template std::string TensorNotFinite(const Network<double>&, const std::vector<double>&);

}  // namespace sequent::train
