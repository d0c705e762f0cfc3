#include "tests/integration/server_fixture.h"

#include <stdlib.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/models.h"

namespace sequent::rpc {
namespace {

template <typename Detail>
std::optional<Detail> DetailOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const auto& any : details.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

ModelContents PlainModel() {
  v1::ModelConfig config = SeriesConfig({"x", "y"});
  AddLstm(&config, "lstm", 5);
  AddRegression(&config, "next");
  return RandomModel(config, 7);
}

void AppendFlat(const v1::HeadOutput& head, std::vector<float>* out) {
  const auto append = [&](const v1::FloatSteps& steps) {
    out->insert(out->end(), steps.values().begin(), steps.values().end());
  };
  append(head.values());
  append(head.distribution().mean());
  append(head.distribution().scale());
  for (const auto& step : head.classes().steps()) {
    for (const auto& score : step.scores()) {
      out->push_back(static_cast<float>(score.id()));
      out->push_back(score.probability());
    }
  }
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sequent-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void WriteModel(const std::string& root, const std::string& name, int version,
                const ModelContents& contents) {
  const std::string folder = root + "/" + name + "/" + std::to_string(version);
  std::filesystem::create_directories(folder);
  const Status status = WriteModelFile(folder + "/model.safetensors", contents);
  ASSERT_TRUE(status.ok()) << status;
}

void WriteUsualModels(const std::string& root) {
  WriteModel(root, "text", 1, TinyTextModel());
  WriteModel(root, "series", 1, TinySeriesModel(HeadKind::kGaussian));
  WriteModel(root, "plain", 1, PlainModel());
}

Reason ReasonOf(const grpc::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  if (!info.has_value() || info->domain() != "sequent") return Reason::kUnspecified;
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  v1::Reason_Parse(info->reason(), &reason);
  return static_cast<Reason>(reason);
}

std::string NextStepOf(const grpc::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  if (!info.has_value() || info->metadata().count("next_step") == 0) return "";
  return info->metadata().at("next_step");
}

double RetryDelayOf(const grpc::Status& status) {
  const auto info = DetailOf<google::rpc::RetryInfo>(status);
  if (!info.has_value()) return 0;
  return static_cast<double>(info->retry_delay().seconds()) + info->retry_delay().nanos() * 1e-9;
}

std::unique_ptr<grpc::ClientContext> NewContext() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  return context;
}

StreamClient::StreamClient(v1::Predictor::Stub* stub, std::unique_ptr<grpc::ClientContext> context)
    : context_(std::move(context)), call_(stub->PredictStream(context_.get())) {}

StreamClient::~StreamClient() {
  if (finished_) return;
  context_->TryCancel();
  Finish();
}

bool StreamClient::Send(const std::vector<v1::PredictRequest>& requests) {
  v1::PredictStreamRequest message;
  for (const auto& request : requests) *message.add_requests() = request;
  return call_->Write(message);
}

std::optional<v1::PredictResponse> StreamClient::Next() {
  while (pending_.empty()) {
    v1::PredictStreamResponse message;
    if (!call_->Read(&message)) return std::nullopt;
    ++messages_;
    if (message.has_notice()) notices_.push_back(message.notice().status());
    for (auto& response : *message.mutable_responses()) pending_.push_back(std::move(response));
  }
  v1::PredictResponse response = std::move(pending_.front());
  pending_.pop_front();
  return response;
}

v1::PredictResponse StreamClient::Ask(const v1::PredictRequest& request) {
  Send(request);
  return Next().value_or(v1::PredictResponse());
}

grpc::Status StreamClient::Finish() {
  finished_ = true;
  while (Next().has_value()) {
  }
  return call_->Finish();
}

Ticker::Ticker(engine::Engine* engine)
    : thread_([this, engine] {
        while (!stop_.load()) {
          if (!engine->RunTick()) std::this_thread::yield();
        }
      }) {}

Ticker::~Ticker() {
  stop_.store(true);
  thread_.join();
}

ServerTest::ServerTest() {
  WriteUsualModels(repository.path());
  options.repository = repository.path();
  options.listen = "127.0.0.1:0";
  options.metrics_listen = "127.0.0.1:0";
  options.engine.threads = 1;
}

void ServerTest::StartServer() {
  auto started = Server::Start(options, nullptr);
  ASSERT_TRUE(started.ok()) << started.status();
  server_ = *std::move(started);
  channel_ = NewChannel();
  // gRPC 1.51 reads errno too late: where malloc finds no /sys, a process' first attempt can fail.
  ASSERT_TRUE(
      channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20)));
  predictor_ = v1::Predictor::NewStub(channel_);
  models_ = v1::ModelRepository::NewStub(channel_);
}

void ServerTest::RestartServer() {
  server_.reset();
  StartServer();
}

Server* ServerTest::server() {
  if (server_ == nullptr) StartServer();
  return server_.get();
}

v1::Predictor::Stub* ServerTest::predictor() {
  server();
  return predictor_.get();
}

v1::ModelRepository::Stub* ServerTest::models() {
  server();
  return models_.get();
}

std::shared_ptr<grpc::Channel> ServerTest::channel() {
  server();
  return channel_;
}

std::shared_ptr<grpc::Channel> ServerTest::NewChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server()->port()),
                                   grpc::InsecureChannelCredentials(), arguments);
}

grpc::Status ServerTest::Predict(const v1::PredictRequest& request, v1::PredictResponse* response) {
  return predictor()->Predict(NewContext().get(), request, response);
}

v1::PredictResponse ServerTest::MustPredict(const v1::PredictRequest& request) {
  v1::PredictResponse response;
  const grpc::Status status = Predict(request, &response);
  EXPECT_TRUE(status.ok()) << status.error_code() << " " << status.error_message();
  return response;
}

std::future<ServerTest::UnaryAnswer> ServerTest::PredictLater(v1::PredictRequest request) {
  predictor();
  return std::async(std::launch::async, [this, request = std::move(request)] {
    UnaryAnswer answer;
    answer.status = Predict(request, &answer.response);
    return answer;
  });
}

grpc::Status ServerTest::GetSession(const std::string& id, v1::SessionInfo* info) {
  v1::GetSessionRequest request;
  request.set_session_id(id);
  return predictor()->GetSession(NewContext().get(), request, info);
}

Reason ServerTest::SessionGone(const std::string& id) {
  v1::SessionInfo info;
  return ReasonOf(GetSession(id, &info));
}

uint64_t ServerTest::NextStep(const std::string& id) {
  v1::SessionInfo info;
  const grpc::Status status = GetSession(id, &info);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return info.next_step();
}

grpc::Status ServerTest::CloseSession(const std::string& id) {
  v1::CloseSessionRequest request;
  request.set_session_id(id);
  v1::CloseSessionResponse response;
  return predictor()->CloseSession(NewContext().get(), request, &response);
}

void ServerTest::Queue(StreamClient* stream, std::vector<v1::PredictRequest> requests) {
  v1::PredictRequest refused_at_once;
  refused_at_once.set_model("no-such-model");
  requests.push_back(refused_at_once);
  ASSERT_TRUE(stream->Send(requests));
  ASSERT_EQ(stream->Next().value_or(v1::PredictResponse()).status().reason(), v1::MODEL_UNKNOWN);
}

void ServerTest::Drive() {
  engine::Engine* const engine = server()->engine();
  EXPECT_TRUE(Eventually([engine] { return !engine->RunTick() && engine->InFlight() == 0; }));
}

bool ServerTest::ArriveInFlight(size_t count) {
  return Eventually([&] { return server()->engine()->InFlight() == count; });
}

v1::PredictRequest PlainRows(const std::string& session, uint64_t step, uint32_t rows) {
  v1::PredictRequest request;
  request.set_session_id(session);
  request.set_step(step);
  if (step <= 1) request.set_model("plain");
  request.mutable_floats()->set_width(2);
  for (uint64_t row = 0; row < rows; ++row) {
    const double x = 0.1 * static_cast<double>(step + row);
    request.mutable_floats()->add_values(static_cast<float>(std::sin(x)));
    request.mutable_floats()->add_values(static_cast<float>(std::cos(3 * x)));
  }
  return request;
}

v1::PredictRequest Text(const std::string& session, uint64_t step, const std::string& text) {
  v1::PredictRequest request;
  request.set_session_id(session);
  request.set_step(step);
  if (step <= 1) request.set_model("text");
  request.set_text(text);
  return request;
}

std::vector<float> Flat(const v1::PredictResponse& response) {
  std::vector<float> out;
  for (const auto& head : response.heads()) AppendFlat(head, &out);
  return out;
}

std::vector<uint32_t> Bits(const std::vector<float>& values) {
  std::vector<uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<uint32_t>(value));
  return bits;
}

}  // namespace sequent::rpc
