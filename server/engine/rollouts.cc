#include "server/engine/rollouts.h"

#include <utility>
#include <vector>

#include "server/engine/admission.h"

namespace sequent::engine {

uint64_t Rollouts::Start(RolloutRequest request, std::shared_ptr<RolloutSink> sink) {
  context_->in_flight.fetch_add(1);
  std::shared_ptr<Rollout> rollout;
  uint64_t handle;
  {
    MutexLock lock(&mutex_);
    handle = ++last_handle_;
    rollout = std::make_shared<Rollout>(context_, flow_, std::move(request), std::move(sink),
                                        [this, handle] { Remove(handle); });
    rollouts_.emplace(handle, rollout);
  }
  Launch(rollout);
  return handle;
}

void Rollouts::Launch(const std::shared_ptr<Rollout>& rollout) {
  if (context_->stopping.load()) return rollout->End(StoppingError());
  const RolloutRequest& request = rollout->request();
  if (const Status status = CheckRollout(context_->options, request); !status.ok()) {
    return rollout->End(status);
  }
  if (request.session_id.empty()) return LaunchStateless(rollout);
  const Status queued =
      flow_->Control(request.session_id, [this, rollout](Session* session, const Status& status) {
        if (status.ok()) return BeginFromSession(rollout, session);
        rollout->End(status);
        return ControlItem::Next::kDone;
      });
  if (!queued.ok()) rollout->End(queued);
}

void Rollouts::LaunchStateless(const std::shared_ptr<Rollout>& rollout) {
  const auto lane = context_->LaneForPieces(rollout->request().model, rollout->request().version);
  if (!lane.ok()) return rollout->End(lane.status());
  StateRow row = StateRow::Allocate(&(*lane)->slab);
  if (row.valid()) (*lane)->model.InitState(row.data());
  rollout->Begin(*lane, std::move(row), nullptr);
}

ControlItem::Next Rollouts::BeginFromSession(const std::shared_ptr<Rollout>& rollout,
                                             Session* session) {
  const RolloutRequest& request = rollout->request();
  Status status;
  if (session->life != Session::Life::kLive) status = SessionUnknown(session->id());
  if (status.ok()) status = CheckEpoch(*session, request.epoch);
  if (status.ok()) status = CheckModel(*session, request.model, request.version);
  if (status.ok() && request.step != 0) status = CheckNextStep(*session, request.step);
  if (!status.ok()) {
    rollout->End(status);
    return ControlItem::Next::kDone;
  }
  const bool parked =
      rollout->Begin(session->lane, session->row.Copy(), request.commit ? session : nullptr);
  return parked ? ControlItem::Next::kParked : ControlItem::Next::kDone;
}

std::shared_ptr<Rollout> Rollouts::Find(uint64_t handle) {
  MutexLock lock(&mutex_);
  const auto found = rollouts_.find(handle);
  return found == rollouts_.end() ? nullptr : found->second;
}

void Rollouts::Remove(uint64_t handle) {
  std::shared_ptr<Rollout> removed;  // goes after the lock
  {
    MutexLock lock(&mutex_);
    const auto found = rollouts_.find(handle);
    removed = std::move(found->second);
    rollouts_.erase(found);
  }
  context_->in_flight.fetch_sub(1);
}

void Rollouts::Resume(uint64_t handle) {
  if (const auto rollout = Find(handle)) rollout->Resume();
}

void Rollouts::Cancel(uint64_t handle) {
  if (const auto rollout = Find(handle))
    rollout->End(absl::CancelledError("the call was cancelled"));
}

void Rollouts::EndAll(const Status& status) {
  std::vector<std::shared_ptr<Rollout>> running;
  {
    MutexLock lock(&mutex_);
    for (const auto& [handle, rollout] : rollouts_) running.push_back(rollout);
  }
  for (const auto& rollout : running) rollout->End(status);
}

}  // namespace sequent::engine
