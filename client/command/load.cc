#include "client/command/load.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/base/random.h"

namespace sequent::client {
namespace {

constexpr std::string_view kText =
    "It is a truth universally acknowledged, that a single man in possession of a good fortune, "
    "must be in want of a wife. ";

// Inputs of the kind the model takes; a session's n-th request is the same in every run.
class InputMaker {
 public:
  InputMaker(const v1::InputInfo& info, uint32_t steps) : info_(info), steps_(steps) {}

  Input Make(uint64_t session, uint64_t request) const {
    if (info_.kind() == "text") {
      std::string text;
      for (uint64_t i = 0; i < steps_; ++i) {
        text.push_back(kText[(session + request * steps_ + i) % kText.size()]);
      }
      return Input::Text(text);
    }
    const RandomStream random(session, request, 0);
    if (info_.kind() == "tokens") {
      std::vector<int32_t> ids(steps_);
      for (uint32_t i = 0; i < steps_; ++i) {
        ids[i] = static_cast<int32_t>(random.Bits(i) % std::max<uint32_t>(1, info_.width()));
      }
      return Input::Tokens(ids);
    }
    std::vector<float> values(size_t{steps_} * info_.width());
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(random.Normal(i));
    return Input::Rows(values, info_.width());
  }

 private:
  const v1::InputInfo info_;
  const uint32_t steps_;
};

class Load {
 public:
  Load(const LoadOptions& options, InputMaker maker, std::vector<std::unique_ptr<Session>> sessions)
      : options_(options), maker_(std::move(maker)), sessions_(std::move(sessions)) {
    step_.output = options.output;
    counts_.resize(sessions_.size());
    failed_.resize(sessions_.size());
  }

  LoadResult Run(const std::function<void(const LoadResult&)>& progress) {
    const int64_t begin = Now();
    measure_from_ = begin + static_cast<int64_t>(options_.warmup_seconds * 1e9);
    end_ = measure_from_ + static_cast<int64_t>(options_.seconds * 1e9);
    if (options_.rate > 0) {
      RunAtRate(begin, progress);
    } else {
      RunClosedLoop(progress);
    }
    WaitUntilIdle();
    LoadResult result = Result();
    EndSessions();
    return result;
  }

 private:
  static int64_t Now() { return Clock::Real()->Nanos(); }

  void RunClosedLoop(const std::function<void(const LoadResult&)>& progress) {
    for (size_t i = 0; i < sessions_.size(); ++i) Send(i, Now(), /*loop=*/true);
    while (Now() < end_) {
      SleepUntil(std::min(end_, Now() + 1'000'000'000));
      progress(Result());
    }
  }

  void RunAtRate(int64_t begin, const std::function<void(const LoadResult&)>& progress) {
    const double gap = 1e9 / options_.rate;
    int64_t report = begin + 1'000'000'000;
    for (uint64_t n = 0;; ++n) {
      const int64_t due = begin + static_cast<int64_t>(gap * static_cast<double>(n));
      if (due >= end_) return;
      if (due > Now()) SleepUntil(due);
      Send(n % sessions_.size(), due, /*loop=*/false);
      if (Now() > report) {
        progress(Result());
        report += 1'000'000'000;
      }
    }
  }

  static void SleepUntil(int64_t nanos) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(nanos - Now()));
  }

  void Send(size_t index, int64_t due, bool loop) {
    uint64_t request;
    {
      MutexLock lock(&mutex_);
      request = counts_[index]++;
      ++open_;
    }
    sessions_[index]->StepAsync(maker_.Make(index, request), step_,
                                [this, index, due, loop](StatusOr<v1::PredictResponse> response) {
                                  Answered(index, due, loop, response);
                                });
  }

  void Answered(size_t index, int64_t due, bool loop,
                const StatusOr<v1::PredictResponse>& response) {
    const int64_t now = Now();
    // After an error the loop of that session ends: a dead server must not be hammered.
    if (loop && response.ok() && now < end_) Send(index, now, loop);
    MutexLock lock(&mutex_);
    if (!response.ok()) {
      failed_[index] = true;
      const Reason reason = ReasonOf(response.status());
      ++errors_[reason == Reason::kUnspecified ? absl::StatusCodeToString(response.status().code())
                                               : std::string(ReasonName(reason))];
    } else if (now >= measure_from_ && now < end_) {
      latency_.Add(now - due);
      steps_ += response->steps();
      batch_rows_ += response->timing().batch_rows();
      replayed_ += response->replayed();
    }
    if (--open_ == 0) idle_.NotifyAll();
  }

  void WaitUntilIdle() {
    MutexLock lock(&mutex_);
    while (open_ > 0) idle_.Wait(&mutex_);
  }

  LoadResult Result() {
    MutexLock lock(&mutex_);
    LoadResult result;
    result.seconds =
        static_cast<double>(std::max<int64_t>(0, std::min(Now(), end_) - measure_from_)) * 1e-9;
    result.requests = latency_.count();
    result.steps = steps_;
    result.replayed = replayed_;
    result.errors = errors_;
    result.latency = latency_;
    if (latency_.count() > 0) {
      result.mean_batch_rows =
          static_cast<double>(batch_rows_) / static_cast<double>(latency_.count());
    }
    return result;
  }

  bool Failed(size_t index) {
    MutexLock lock(&mutex_);
    return failed_[index];
  }

  // Those without an error, while the server answers: one that has gone must not be waited for.
  void EndSessions() {
    std::vector<std::thread> threads;
    std::atomic<size_t> next{0};
    std::atomic<bool> unreachable{false};
    for (size_t t = 0; t < std::min<size_t>(16, sessions_.size()); ++t) {
      threads.emplace_back([this, &next, &unreachable] {
        for (size_t i; !unreachable && (i = next.fetch_add(1)) < sessions_.size();) {
          if (!Failed(i) && !sessions_[i]->End().ok()) unreachable = true;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  const LoadOptions options_;
  const InputMaker maker_;
  const std::vector<std::unique_ptr<Session>> sessions_;
  StepOptions step_;
  int64_t measure_from_ = 0, end_ = 0;

  Mutex mutex_;
  CondVar idle_;
  std::vector<uint64_t> counts_ SEQ_GUARDED_BY(mutex_);
  std::vector<bool> failed_ SEQ_GUARDED_BY(mutex_);
  size_t open_ SEQ_GUARDED_BY(mutex_) = 0;
  uint64_t steps_ SEQ_GUARDED_BY(mutex_) = 0;
  uint64_t batch_rows_ SEQ_GUARDED_BY(mutex_) = 0;
  uint64_t replayed_ SEQ_GUARDED_BY(mutex_) = 0;
  std::map<std::string, uint64_t> errors_ SEQ_GUARDED_BY(mutex_);
  Histogram latency_ SEQ_GUARDED_BY(mutex_);
};

}  // namespace

StatusOr<LoadResult> RunLoad(Client* client, const LoadOptions& options,
                             const std::function<void(const LoadResult&)>& progress) {
  SEQ_ASSIGN_OR_RETURN(const v1::GetModelResponse model,
                       client->GetModel(options.model, options.version));
  std::vector<std::unique_ptr<Session>> sessions;
  for (size_t i = 0; i < options.sessions; ++i) {
    SessionOptions session;
    session.model = options.model;
    session.version = options.version;
    SEQ_ASSIGN_OR_RETURN(sessions.emplace_back(), client->StartSession(session));
  }
  Load load(options, InputMaker(model.model().input(), options.steps), std::move(sessions));
  return load.Run(progress);
}

}  // namespace sequent::client
