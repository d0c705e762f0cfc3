#include "server/engine/session.h"

#include <cstring>
#include <new>

namespace sequent::engine {

Session* Session::Place(void* memory, std::string_view id) {
  auto* const session = new (memory) Session;
  session->id_bytes_ = static_cast<uint8_t>(id.size());
  std::memcpy(static_cast<char*>(memory) + sizeof(Session), id.data(), id.size());
  return session;
}

void Session::Append(std::unique_ptr<Item> item) {
  items.Append(std::move(item));
  ++queued;
}

std::unique_ptr<Item> Session::PopFront() {
  std::unique_ptr<Item> item = items.PopFront();
  --queued;
  if (item->refused_behind != nullptr) {
    if (failed_streams == nullptr) failed_streams = std::make_unique<FailedStreams>();
    failed_streams->AddAll(*item->refused_behind);
  }
  return item;
}

void Session::MarkFailed(uint64_t stream) {
  if (stream == 0) return;
  if (failed_streams == nullptr) failed_streams = std::make_unique<FailedStreams>();
  failed_streams->Add(stream);
}

void Session::UnmarkFailed(uint64_t stream) {
  if (failed_streams == nullptr) return;
  failed_streams->Remove(stream);
  if (failed_streams->empty()) failed_streams.reset();
}

}  // namespace sequent::engine
