// A session and the work queued for it.
//
//   life:  unborn --first request commits--> live --end, close--> ended (replies kept) --> gone
//   phase: idle <-> busy (stands in its lane's ready queue once, or a tick has it)
//
// Thread safety: members are guarded by `shard->mutex`. While a tick has the session only that
// writes `life, epoch, next_step, lane, row, replies` and the front item, under the mutex where
// others read; so the tick reads them without it. `row`, `replies` and items already queued are the
// tick's alone. A session is destroyed only while idle, or by its tick.
//
// There may be a million of them, nearly all idle: what they need only while they have work or
// replies is behind pointers, and the id lies right behind the object, so that finding a session
// by its id and using it touches one piece of memory.
#ifndef SEQUENT_SERVER_ENGINE_SESSION_H_
#define SEQUENT_SERVER_ENGINE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "server/engine/failed_streams.h"
#include "server/engine/item.h"
#include "server/engine/reply_cache.h"
#include "server/engine/state_row.h"
#include "server/engine/timer_wheel.h"

namespace sequent::engine {

struct Lane;
struct Shard;

struct Session : Timer {
  enum class Life : uint8_t { kUnborn, kLive, kEnded };
  enum class Phase : uint8_t { kIdle, kBusy };

  // Without an id: temporary (a stateless request, a path of a rollout).
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // A session with an id of at most 255 bytes in `memory`, which has room for BytesFor(id) bytes,
  // aligned for any object, and belongs to the caller.
  static Session* Place(void* memory, std::string_view id);
  static size_t BytesFor(std::string_view id) { return sizeof(Session) + id.size(); }

  std::string_view id() const { return {reinterpret_cast<const char*>(this + 1), id_bytes_}; }
  bool temporary() const { return id_bytes_ == 0; }
  void Append(std::unique_ptr<Item> item);
  // The item in front, which must be there. Takes along the streams that were refused behind it.
  std::unique_ptr<Item> PopFront();
  void MarkFailed(uint64_t stream);
  void UnmarkFailed(uint64_t stream);

  Shard* shard = nullptr;  // whose mutex guards it; a temporary session is not in its tables
  Lane* lane = nullptr;    // the model version it is bound to, or is to run on
  Life life = Life::kUnborn;
  Phase phase = Phase::kIdle;
  bool kept = false;        // temporary: its owner still wants it when it is idle
  bool reserved = false;    // counts against the bound on sessions
  bool remembered = false;  // ended, and counts against the bound on those

 private:
  uint8_t id_bytes_ = 0;

 public:
  uint16_t principal = 0;   // whose turn in the ready queue it takes
  uint32_t queued = 0;      // items
  uint32_t ready_cost = 1;  // the ready queue's, and
  Session* ready_next = nullptr;
  uint64_t epoch = 0;
  uint64_t next_step = 1;
  int64_t last_used_nanos = 0;
  StateRow row;
  ItemQueue items;
  ReplyCache replies;                             // its memory comes from the shard's slots
  std::unique_ptr<FailedStreams> failed_streams;  // nullptr: none
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_SESSION_H_
