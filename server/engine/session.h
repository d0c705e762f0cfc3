// A session and the work queued for it.
//
//   life:  unborn --first request commits--> live --end, close--> ended (replies kept) --> gone
//   phase: idle <-> ready (stands in its lane's ready queue once) <-> running (a tick has it)
//
// Thread safety: members are guarded by `shard->mutex`. While a session is running only its tick
// writes `life, epoch, next_step, lane, row, replies` and the front item, under the mutex where
// others read; so the tick reads them without it. `row`, `replies` and items already queued are the
// tick's alone. A session is destroyed only while idle, or by its tick.
#ifndef SEQUENT_SERVER_ENGINE_SESSION_H_
#define SEQUENT_SERVER_ENGINE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "server/engine/failed_streams.h"
#include "server/engine/output_plan.h"
#include "server/engine/reply_cache.h"
#include "server/engine/request.h"
#include "server/engine/state_row.h"
#include "server/engine/timer_wheel.h"

namespace sequent::engine {

struct Lane;
struct Session;
struct Shard;

// Something queued for a session; items run one after another.
struct Item {
  enum class Kind : uint8_t { kStep, kControl };

  explicit Item(Kind k) : kind(k) {}
  virtual ~Item() = default;

  const Kind kind;
  size_t cost = 1;  // counted towards the bound on queued steps
  int64_t arrived_nanos = 0;
  std::unique_ptr<Item> next;
  // Streams whose next unnumbered request was refused for lack of room right behind this item.
  std::unique_ptr<FailedStreams> refused_behind;
};

// A prediction request and how far it has come.
struct StepItem final : Item {
  StepItem() : Item(Kind::kStep) {}

  StepRequest request;
  uint32_t units = 0;  // input units: rows, token ids or bytes
  // A rollout's own steps: admitted without a look at epoch, numbers and streams.
  bool internal = false;
  bool from_last = false;                      // internal: no input; the heads answer from `last`
  uint32_t logits_head = OutputPlan::kNoHead;  // internal: this softmax head answers with logits
  bool flush = false;                          // the text ends with this request

  // Set when it begins to run.
  bool running = false;
  bool birth = false;    // begins a life
  Lane* lane = nullptr;  // the model version it runs on
  StateRow working;
  OutputPlan plan;
  std::shared_ptr<StepReply> reply;
  uint32_t units_done = 0;
  uint64_t steps_made = 0;  // by the model; for text fewer than units
  int64_t compute_nanos = 0;

  // As new, but for memory that it has grown.
  void Recycle();
  bool stateless() const { return !internal && request.session_id.empty(); }
  bool numbered() const { return request.step != 0 || request.start; }
};

// Fork, export, close, the beginning of a rollout: takes its place in the session's order.
struct ControlItem final : Item {
  enum class Next : uint8_t {
    kDone,    // the next item's turn
    kParked,  // the item stays in front and nothing else runs until SessionFlow::Unpark
  };
  // Called by the tick, without locks. `status` not OK: the engine stops, answer with it.
  using Act = std::function<Next(Session* session, const Status& status)>;

  explicit ControlItem(Act a) : Item(Kind::kControl), act(std::move(a)) {}

  Act act;
};

struct Session : Timer {
  enum class Life : uint8_t { kUnborn, kLive, kEnded };
  enum class Phase : uint8_t { kIdle, kReady, kRunning };

  explicit Session(std::string session_id) : id(std::move(session_id)) {}

  bool temporary() const { return id.empty(); }
  void Append(std::unique_ptr<Item> item);
  // The item in front, which must be there. Takes along the streams that were refused behind it.
  std::unique_ptr<Item> PopFront();
  void MarkFailed(uint64_t stream);
  void UnmarkFailed(uint64_t stream);

  const std::string id;    // empty: temporary (a stateless request, a path of a rollout)
  Shard* shard = nullptr;  // whose mutex guards it; a temporary session is not in its map
  Lane* lane = nullptr;    // the model version it is bound to, or is to run on
  Life life = Life::kUnborn;
  Phase phase = Phase::kIdle;
  bool kept = false;        // temporary: its owner still wants it when it is idle
  bool reserved = false;    // counts against the bound on sessions
  bool remembered = false;  // ended, and counts against the bound on those
  uint32_t principal = 0;   // whose turn in the ready queue it takes
  uint32_t queued = 0;
  uint64_t epoch = 0;
  uint64_t next_step = 1;
  int64_t last_used_nanos = 0;
  StateRow row;
  std::unique_ptr<Item> head;
  Item* tail = nullptr;
  std::unique_ptr<ReplyCache> replies;
  std::unique_ptr<FailedStreams> failed_streams;
  Session* ready_next = nullptr;  // the ready queue's
  size_t ready_cost = 1;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_SESSION_H_
