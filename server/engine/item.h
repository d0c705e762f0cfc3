// What is queued for a session: requests, and acts that take their place among them.
//
// Thread safety: none of its own; session.h says who may touch what.
#ifndef SEQUENT_SERVER_ENGINE_ITEM_H_
#define SEQUENT_SERVER_ENGINE_ITEM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "server/engine/failed_streams.h"
#include "server/engine/output_plan.h"
#include "server/engine/request.h"
#include "server/engine/state_row.h"

namespace sequent::engine {

struct Lane;
struct Session;

// Something queued for a session; items run one after another.
struct Item {
  enum class Kind : uint8_t { kStep, kControl };

  explicit Item(Kind k) : kind(k) {}
  virtual ~Item() = default;

  const Kind kind;
  size_t cost = 1;  // counted towards the bound on queued steps
  int64_t arrived_nanos = 0;
  Item* next = nullptr;  // the queue's
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
  bool from_last = false;                     // internal: no input; the heads answer from `last`
  uint32_t drawn_head = OutputPlan::kNoHead;  // internal: a rollout draws from this head
  bool flush = false;                         // the text ends with this request

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

// Items in the order they came. Owns them. While one is in front, whoever was shown it may look at
// front() beside somebody who appends.
class ItemQueue {
 public:
  ItemQueue() = default;
  ~ItemQueue();
  ItemQueue(const ItemQueue&) = delete;
  ItemQueue& operator=(const ItemQueue&) = delete;

  bool empty() const { return front_ == nullptr; }
  // nullptr: it is empty.
  Item* front() const { return front_; }
  Item* back() const { return back_; }

  void Append(std::unique_ptr<Item> item);
  // The one in front, which must be there.
  std::unique_ptr<Item> PopFront();

 private:
  Item* front_ = nullptr;
  Item* back_ = nullptr;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_ITEM_H_
