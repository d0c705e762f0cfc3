#include "server/rpc/incoming.h"

#include <utility>

namespace sequent::rpc {
namespace {

google::protobuf::ArenaOptions BeginningIn(char* block, size_t bytes) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = bytes;
  return options;
}

}  // namespace

Incoming::Incoming() : arena(BeginningIn(block, kBlockBytes)) {}

std::unique_ptr<Incoming> IncomingPool::Take() {
  std::unique_ptr<Incoming> incoming;
  {
    MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      incoming = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (incoming == nullptr) incoming = std::make_unique<Incoming>();
  incoming->message =
      google::protobuf::Arena::CreateMessage<v1::PredictStreamRequest>(&incoming->arena);
  return incoming;
}

void IncomingPool::Give(std::unique_ptr<Incoming> incoming) {
  if (incoming->pending.capacity() > kMaxPending) return;
  incoming->arena.Reset();
  incoming->message = nullptr;
  incoming->pending.clear();
  incoming->stream.reset();
  MutexLock lock(&mutex_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(incoming));
}

}  // namespace sequent::rpc
