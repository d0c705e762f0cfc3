#include "server/rpc/backward_writer.h"

#include <algorithm>

namespace sequent::rpc {

void BackwardWriter::Grow(size_t bytes) {
  std::vector<uint8_t> larger(std::max(2 * buffer_.size(), buffer_.size() + bytes));
  const size_t begin = larger.size() - size();
  std::memcpy(larger.data() + begin, buffer_.data() + begin_, size());
  buffer_.swap(larger);
  begin_ = begin;
}

}  // namespace sequent::rpc
