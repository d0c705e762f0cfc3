// A whole server in this process, on 127.0.0.1 with free ports and a temporary repository, and the
// generated stubs to talk to it through real gRPC.
#ifndef SEQUENT_TESTS_INTEGRATION_SERVER_FIXTURE_H_
#define SEQUENT_TESTS_INTEGRATION_SERVER_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/model/model_file.h"
#include "sequent/v1/model_repository.grpc.pb.h"
#include "sequent/v1/predictor.grpc.pb.h"
#include "server/rpc/server.h"
#include "tests/support/eventually.h"

namespace sequent::rpc {

// A directory that goes with its owner.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Writes <root>/<name>/<version>/model.safetensors.
void WriteModel(const std::string& root, const std::string& name, int version,
                const ModelContents& contents);
// The models most tests use: "text" (TinyTextModel), "series" (TinySeriesModel, imputes), and
// "plain": columns x and y as they are, an LSTM, a point head.
void WriteUsualModels(const std::string& root);

// What a failed unary call says about its reason; kUnspecified if nothing.
Reason ReasonOf(const grpc::Status& status);
// ErrorInfo's metadata "next_step"; "" if there is none.
std::string NextStepOf(const grpc::Status& status);
// RetryInfo's delay in seconds; 0 if there is none.
double RetryDelayOf(const grpc::Status& status);

// A context whose call ends by itself when a test has gone wrong.
std::unique_ptr<grpc::ClientContext> NewContext();

// One PredictStream call from the client's side.
class StreamClient {
 public:
  explicit StreamClient(v1::Predictor::Stub* stub,
                        std::unique_ptr<grpc::ClientContext> context = NewContext());
  // Cancels unless the stream has been finished.
  ~StreamClient();

  // All in one message. False: the stream is broken.
  bool Send(const std::vector<v1::PredictRequest>& requests);
  bool Send(const v1::PredictRequest& request) { return Send(std::vector{request}); }
  // The next answer; nullopt when the stream has ended. Notices on the way are kept.
  std::optional<v1::PredictResponse> Next();
  // Sends one and returns the next answer; an empty one if the stream has ended.
  v1::PredictResponse Ask(const v1::PredictRequest& request);
  // Half-closes.
  void WritesDone() { call_->WritesDone(); }
  // The end of the stream, after everything has been read.
  grpc::Status Finish();
  void Cancel() { context_->TryCancel(); }

  const std::vector<v1::Status>& notices() const { return notices_; }
  size_t messages() const { return messages_; }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PredictStreamRequest, v1::PredictStreamResponse>>
      call_;
  std::deque<v1::PredictResponse> pending_;
  std::vector<v1::Status> notices_;
  size_t messages_ = 0;
  bool finished_ = false;
};

// Runs the ticks of a server that was started without workers.
class Ticker {
 public:
  explicit Ticker(engine::Engine* engine);
  ~Ticker();

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest();

  // Called by the first use of server() or a stub; before it, options may be changed.
  void StartServer();
  // Ends the server and starts another one with the same options.
  void RestartServer();
  Server* server();
  v1::Predictor::Stub* predictor();
  v1::ModelRepository::Stub* models();
  std::shared_ptr<grpc::Channel> channel();
  std::shared_ptr<grpc::Channel> NewChannel();

  // Unary calls with a fresh context.
  grpc::Status Predict(const v1::PredictRequest& request, v1::PredictResponse* response);
  // The answer of a call that must succeed.
  v1::PredictResponse MustPredict(const v1::PredictRequest& request);
  struct UnaryAnswer {
    grpc::Status status;
    v1::PredictResponse response;
  };
  // Sends it on a thread of its own.
  std::future<UnaryAnswer> PredictLater(v1::PredictRequest request);
  grpc::Status GetSession(const std::string& id, v1::SessionInfo* info);
  // Reason of what GetSession says; kUnspecified if the session lives.
  Reason SessionGone(const std::string& id);
  uint64_t NextStep(const std::string& id);
  grpc::Status CloseSession(const std::string& id);

  // Without workers and on `clock`: the test runs the ticks.
  void Pause() {
    options.start_workers = false;
    options.clock = &clock;
  }
  // Sends the requests and waits until they are queued.
  void Queue(StreamClient* stream, std::vector<v1::PredictRequest> requests);
  // Runs ticks until everything in flight has been answered.
  void Drive();
  // Runs ticks until the call has returned.
  template <typename Call>
  auto WithTicks(Call call) {
    Ticker ticker(server()->engine());
    return call();
  }
  // Waits until so many requests are accepted and not yet answered.
  bool ArriveInFlight(size_t count);

  FakeClock clock;
  TempDir repository;
  ServerOptions options;

 private:
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Predictor::Stub> predictor_;
  std::unique_ptr<v1::ModelRepository::Stub> models_;
};

// Requests for model "plain": `rows` rows, whose values depend on `first_row` and the column only.
// With `step` 1 the model is named, so that the session begins.
v1::PredictRequest PlainRows(const std::string& session, uint64_t step, uint32_t rows);
// Requests for model "text".
v1::PredictRequest Text(const std::string& session, uint64_t step, const std::string& text);

// Every float of every head, one after another: to compare answers bit for bit.
std::vector<float> Flat(const v1::PredictResponse& response);
std::vector<uint32_t> Bits(const std::vector<float>& values);

}  // namespace sequent::rpc

#endif  // SEQUENT_TESTS_INTEGRATION_SERVER_FIXTURE_H_
