#include "client/session.h"

#include <future>
#include <utility>

namespace sequent::client {

Session::Session(std::shared_ptr<Multiplexer> multiplexer, std::shared_ptr<SessionRecord> record,
                 double timeout_seconds)
    : multiplexer_(std::move(multiplexer)),
      record_(std::move(record)),
      timeout_seconds_(timeout_seconds) {}

void Session::Submit(v1::PredictRequest request, uint64_t units, const StepOptions& options,
                     StepCallback callback) {
  if (options.output.ByteSizeLong() > 0) *request.mutable_output() = options.output;
  const double timeout = options.timeout_seconds < 0 ? timeout_seconds_ : options.timeout_seconds;
  multiplexer_->Submit(record_, std::move(request), units, timeout, std::move(callback));
}

StatusOr<v1::PredictResponse> Session::SubmitAndWait(v1::PredictRequest request, uint64_t units,
                                                     const StepOptions& options) {
  const auto promise = std::make_shared<std::promise<StatusOr<v1::PredictResponse>>>();
  std::future<StatusOr<v1::PredictResponse>> answer = promise->get_future();
  Submit(std::move(request), units, options, [promise](StatusOr<v1::PredictResponse> response) {
    promise->set_value(std::move(response));
  });
  return answer.get();
}

StatusOr<v1::PredictResponse> Session::Step(Input input, const StepOptions& options) {
  v1::PredictRequest request;
  const uint64_t units = input.units();
  std::move(input).MoveTo(&request);
  return SubmitAndWait(std::move(request), units, options);
}

void Session::StepAsync(Input input, const StepOptions& options, StepCallback callback) {
  v1::PredictRequest request;
  const uint64_t units = input.units();
  std::move(input).MoveTo(&request);
  Submit(std::move(request), units, options, std::move(callback));
}

StatusOr<v1::PredictResponse> Session::End(const StepOptions& options) {
  v1::PredictRequest request;
  request.set_end(true);
  return SubmitAndWait(std::move(request), 0, options);
}

uint64_t Session::next_step() const { return multiplexer_->Snapshot(*record_).next_step; }

}  // namespace sequent::client
