// Streams on which an unnumbered request of one session has failed: what comes after it on the same
// stream must not run as if it had been applied.
//
// At most kMaxStreams are remembered; beyond, the oldest is forgotten (by then most likely closed).
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_FAILED_STREAMS_H_
#define SEQUENT_SERVER_ENGINE_FAILED_STREAMS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sequent::engine {

class FailedStreams {
 public:
  static constexpr size_t kMaxStreams = 64;

  // Unary calls (stream 0) have no order among them.
  void Add(uint64_t stream) {
    if (stream == 0 || Contains(stream)) return;
    if (streams_.size() == kMaxStreams) streams_.erase(streams_.begin());
    streams_.push_back(stream);
  }
  void Remove(uint64_t stream) {
    streams_.erase(std::remove(streams_.begin(), streams_.end(), stream), streams_.end());
  }
  bool Contains(uint64_t stream) const {
    return std::find(streams_.begin(), streams_.end(), stream) != streams_.end();
  }
  bool empty() const { return streams_.empty(); }
  void AddAll(const FailedStreams& other) {
    for (uint64_t stream : other.streams_) Add(stream);
  }

 private:
  std::vector<uint64_t> streams_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_FAILED_STREAMS_H_
