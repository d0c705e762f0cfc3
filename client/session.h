// A sequence the server remembers. The handle that programs step.
//
// Steps are numbered, so a step that had to be sent again is applied once. Dropping the handle
// leaves the session on the server until End() or the server's session TTL.
//
// Thread safety: thread-safe; steps are applied in the order Step and StepAsync were called. Must
// not outlive its Client.
#ifndef SEQUENT_CLIENT_SESSION_H_
#define SEQUENT_CLIENT_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "client/input.h"
#include "client/multiplexer.h"
#include "core/base/status.h"
#include "sequent/v1/predictor.pb.h"

namespace sequent::client {

struct StepOptions {
  v1::OutputSelection output;
  double timeout_seconds = -1;  // negative: the client's own
};

class Session {
 public:
  // Sends the input and waits for the answer. Errors carry the server's Reason (core/base/error.h).
  // DEADLINE_EXCEEDED: not answered in time; if it had been sent, it may still be applied, once,
  // before any later step. ABORTED: an earlier step of this session failed and this one was not
  // applied.
  StatusOr<v1::PredictResponse> Step(Input input, const StepOptions& options = {});

  // The same without waiting; `callback` runs on a client thread and must not block. Requests that
  // are made while others are being written travel together.
  void StepAsync(Input input, const StepOptions& options, StepCallback callback);

  // Ends the session on the server and waits for what its codec still held back.
  StatusOr<v1::PredictResponse> End(const StepOptions& options = {});

  const std::string& id() const { return record_->id; }
  uint64_t epoch() const { return record_->epoch; }
  // The number of the next unit: one more than all units submitted so far.
  uint64_t next_step() const;

 private:
  friend class Client;
  Session(std::shared_ptr<Multiplexer> multiplexer, std::shared_ptr<SessionRecord> record,
          double timeout_seconds);
  void Submit(v1::PredictRequest request, uint64_t units, const StepOptions& options,
              StepCallback callback);
  StatusOr<v1::PredictResponse> SubmitAndWait(v1::PredictRequest request, uint64_t units,
                                              const StepOptions& options);

  const std::shared_ptr<Multiplexer> multiplexer_;
  const std::shared_ptr<SessionRecord> record_;
  const double timeout_seconds_;
};

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_SESSION_H_
