// What can be seen of a server from outside: metrics, health, reflection, its models.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/rollouts.h"
#include "tests/integration/wire.h"
#include "tests/support/models.h"
#include "tests/support/pieces.h"

namespace sequent::rpc {
namespace {

using testing::HasSubstr;
using testing::Not;

using HealthResponse = grpc::health::v1::HealthCheckResponse;

constexpr char kSecretSession[] = "secret-session-4711";

class Observe : public RolloutTest {
 protected:
  Observe() {
    // A version that cannot be loaded, beside one that can; and a model with nothing else.
    WriteModel(repository.path(), "plain", 2, TinySeriesModel(HeadKind::kPoint));
    WriteBroken("plain", 3);
    WriteBroken("broken", 1);
  }

  void WriteBroken(const std::string& name, int version) {
    const std::string folder = StrCat(repository.path(), "/", name, "/", version);
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/model.safetensors") << "this is no model";
  }

  std::string Metrics() { return HttpGet(server()->metrics_port(), "/metrics").body; }

  // The value of the sample with this name and these labels, as printed; "" if there is none.
  std::string Sample(const std::string& series) {
    const std::string page = StrCat("\n", Metrics());
    const size_t at = page.find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const size_t value = at + 1 + series.size() + 1;
    return page.substr(value, page.find('\n', value) - value);
  }

  // A bit of everything.
  void Traffic() {
    MustPredict(PlainRows(kSecretSession, 1, 3));
    MustPredict(PlainRows(kSecretSession, 1, 3));  // replayed
    MustRollout(OfText("hello", 5, 1));
    StreamClient stream(predictor());
    stream.Ask(Text("t", 1, "abc"));
    auto bad = PlainRows("s", 1, 1);
    bad.set_model("no-such-model");
    v1::PredictResponse response;
    EXPECT_FALSE(Predict(bad, &response).ok());
    bad.set_model("plain");
    bad.set_version(7);
    EXPECT_FALSE(Predict(bad, &response).ok());
    EXPECT_TRUE(CloseSession(kSecretSession).ok());
  }

  std::unique_ptr<grpc::health::v1::Health::Stub> HealthStub() {
    return grpc::health::v1::Health::NewStub(channel());
  }
  grpc::Status Check(const std::string& service, HealthResponse* response) {
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    return HealthStub()->Check(NewContext().get(), request, response);
  }
};

// ---- metrics ----

// Runs `command` in a shell; its exit code and what it printed.
std::pair<int, std::string> Shell(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string output;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, n);
  return {pclose(pipe), output};
}

TEST_F(Observe, PromtoolHasNothingToSayAboutTheMetrics) {
  if (Shell("command -v promtool").first != 0) GTEST_SKIP() << "promtool (prometheus) is absent";
  Traffic();
  TempDir folder;
  const std::string file = folder.path() + "/metrics";
  std::ofstream(file) << Metrics();
  const auto [code, output] = Shell("promtool check metrics < " + file);
  EXPECT_EQ(code, 0);
  EXPECT_EQ(output, "");
}

TEST_F(Observe, EveryMetricIsThere) {
  const std::vector<std::pair<std::string, std::string>> kMetrics = {
      {"sequent_requests_total", "counter"},
      {"sequent_request_seconds", "histogram"},
      {"sequent_steps_total", "counter"},
      {"sequent_steps_replayed_total", "counter"},
      {"sequent_rollout_steps_total", "counter"},
      {"sequent_step_queue_seconds", "histogram"},
      {"sequent_tick_seconds", "histogram"},
      {"sequent_tick_rows", "histogram"},
      {"sequent_queued_steps", "gauge"},
      {"sequent_ready_sessions", "gauge"},
      {"sequent_sessions_active", "gauge"},
      {"sequent_session_state_bytes", "gauge"},
      {"sequent_sessions_created_total", "counter"},
      {"sequent_sessions_ended_total", "counter"},
      {"sequent_rejected_total", "counter"},
      {"sequent_streams_active", "gauge"},
      {"sequent_model_loaded", "gauge"},
      {"sequent_model_load_seconds", "gauge"},
      {"sequent_model_load_failures_total", "counter"},
      {"sequent_build_info", "gauge"},
      {"process_cpu_seconds_total", "counter"},
      {"process_resident_memory_bytes", "gauge"},
      {"process_open_fds", "gauge"},
      {"process_start_time_seconds", "gauge"},
  };
  Traffic();
  const std::string page = Metrics();
  for (const auto& [name, kind] : kMetrics) {
    EXPECT_THAT(page, HasSubstr(StrCat("# TYPE ", name, " ", kind, "\n")));
    // At least one sample, not only the help text.
    EXPECT_TRUE(std::regex_search(
        page, std::regex("\n" + name + "(_count|_sum|_bucket)?[{ ]", std::regex::ECMAScript)))
        << name;
  }
}

TEST_F(Observe, TheCountsAreThoseOfTheTraffic) {
  Traffic();
  EXPECT_EQ(Sample("sequent_steps_total{model=\"plain\",version=\"2\"}"), "3");
  EXPECT_EQ(Sample("sequent_steps_replayed_total{model=\"plain\",version=\"2\"}"), "3");
  EXPECT_EQ(Sample("sequent_sessions_active{model=\"text\",version=\"1\"}"), "1");
  EXPECT_EQ(Sample("sequent_rollout_steps_total{model=\"text\",version=\"1\"}"), "5");
  EXPECT_EQ(Sample("sequent_rejected_total{reason=\"MODEL_UNKNOWN\"}"), "2");
  EXPECT_EQ(Sample("sequent_model_loaded{model=\"plain\",version=\"2\"}"), "1");
  EXPECT_EQ(Sample("sequent_model_load_failures_total{model=\"broken\"}"), "1");
  EXPECT_EQ(Sample("sequent_requests_total{code=\"NOT_FOUND\",method=\"Predict\"}"), "2");
  EXPECT_EQ(Sample("sequent_queued_steps"), "0");
}

TEST_F(Observe, TheGaugesFallWhenSessionsGo) {
  const std::string bytes =
      "sequent_session_state_bytes{model=\"plain\",tier=\"memory\",version=\"2\"}";
  const std::string active = "sequent_sessions_active{model=\"plain\",version=\"2\"}";
  MustPredict(PlainRows("a", 1, 3));
  MustPredict(PlainRows("b", 1, 3));
  EXPECT_EQ(Sample(active), "2");
  EXPECT_GT(std::stod(Sample(bytes)), 0);
  EXPECT_TRUE(CloseSession("a").ok());
  EXPECT_TRUE(CloseSession("b").ok());
  EXPECT_EQ(Sample(active), "0");
  EXPECT_EQ(Sample(bytes), "0");
}

TEST_F(Observe, NoSessionAndNoClaimedModelIsALabel) {
  Traffic();
  const std::string page = Metrics();
  EXPECT_THAT(page, Not(HasSubstr(kSecretSession)));
  EXPECT_THAT(page, Not(HasSubstr("no-such-model")));
  EXPECT_THAT(page, Not(HasSubstr("version=\"7\"")));
  const std::set<std::string> allowed = {"model",  "version",  "method",      "code", "le",
                                         "reason", "revision", "simd_target", "tier"};
  const std::regex label("[{,]([a-z_]+)=\"");
  for (std::sregex_iterator it(page.begin(), page.end(), label), end; it != end; ++it) {
    EXPECT_EQ(allowed.count((*it)[1]), 1u) << (*it)[1];
  }
}

TEST_F(Observe, HealthzReadyzAndNothingElse) {
  EXPECT_EQ(HttpGet(server()->metrics_port(), "/healthz").body, "ok\n");
  EXPECT_EQ(HttpGet(server()->metrics_port(), "/readyz").body, "ready\n");
  EXPECT_EQ(HttpGet(server()->metrics_port(), "/etc/passwd").code, 404);
}

TEST_F(Observe, WithoutAModelTheServerIsNotReady) {
  TempDir empty;
  options.repository = empty.path();
  EXPECT_EQ(HttpGet(server()->metrics_port(), "/readyz").code, 503);
  HealthResponse response;
  ASSERT_TRUE(Check("", &response).ok());
  EXPECT_EQ(response.status(), HealthResponse::NOT_SERVING);
}

// ---- health and reflection ----

TEST_F(Observe, HealthIsToldPerModel) {
  HealthResponse response;
  for (const char* service : {"", "text", "plain"}) {
    ASSERT_TRUE(Check(service, &response).ok());
    EXPECT_EQ(response.status(), HealthResponse::SERVING) << service;
  }
  ASSERT_TRUE(Check("broken", &response).ok());
  EXPECT_EQ(response.status(), HealthResponse::NOT_SERVING);
  EXPECT_EQ(Check("no-such-model", &response).error_code(), grpc::NOT_FOUND);
}

TEST_F(Observe, AWatchOfHealthSeesTheDrain) {
  const auto stub = HealthStub();
  const auto context = NewContext();
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("text");
  const auto watch = stub->Watch(context.get(), request);
  HealthResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthResponse::SERVING);
  server()->BeginDrain();
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthResponse::NOT_SERVING);
  context->TryCancel();
}

TEST_F(Observe, ReflectionListsTheServices) {
  // ServerReflectionRequest{list_services: "*"}
  const RawStreamResult result = RawStream(
      channel(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {"\x3a\x01*"});
  ASSERT_EQ(result.messages.size(), 1u) << result.status.error_message();
  for (const char* service : {"sequent.v1.Predictor", "sequent.v1.ModelRepository",
                              "grpc.health.v1.Health", "grpc.channelz.v1.Channelz"}) {
    EXPECT_THAT(result.messages[0], HasSubstr(service));
  }
}

// ---- models ----

TEST_F(Observe, ModelsAreListedByNameAndVersionAlsoThoseThatFailed) {
  MustPredict(Text("t", 1, "abc"));
  v1::ListModelsResponse response;
  ASSERT_TRUE(models()->ListModels(NewContext().get(), {}, &response).ok());
  std::vector<std::string> listed;
  for (const auto& model : response.models()) {
    listed.push_back(StrCat(model.name(), " ", model.version(), " ",
                            v1::ModelState_Name(model.state()), model.is_default() ? " *" : ""));
  }
  EXPECT_THAT(listed, testing::ElementsAre("broken 1 FAILED", "plain 1 READY", "plain 2 READY *",
                                           "plain 3 FAILED", "series 1 READY *", "text 1 READY *"));
  EXPECT_NE(response.models(0).message(), "");
  const v1::ModelInfo& text = response.models(5);
  EXPECT_EQ(text.task(), "language_model");
  EXPECT_TRUE(text.streamable());
  EXPECT_EQ(text.input().kind(), "text");
  EXPECT_EQ(text.heads(0).kind(), "softmax");
  EXPECT_EQ(text.fingerprint().size(), 64u);
  EXPECT_EQ(text.precision(), "fp32");
  EXPECT_EQ(text.sessions(), 1u);
  EXPECT_GT(text.parameters(), 0u);
  EXPECT_GT(text.state_bytes(), 0u);
}

TEST_F(Observe, AHeadOfSeveralStepsTellsHowManyAndAnswersThem) {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  AddGru(&config, "gru", 3);
  AddRegression(&config, "ahead", "gaussian")->mutable_regression()->set_horizon(3);
  WriteModel(repository.path(), "direct", 1, RandomModel(config, 1));
  v1::GetModelRequest request;
  request.set_name("direct");
  v1::GetModelResponse response;
  ASSERT_TRUE(models()->GetModel(NewContext().get(), request, &response).ok());
  const v1::HeadInfo& head = response.model().heads(0);
  EXPECT_EQ(head.horizon(), 3u);
  EXPECT_EQ(head.width(), 6u);
  EXPECT_THAT(head.labels(), testing::ElementsAre("a", "b"));
  v1::PredictRequest predict;
  predict.set_model("direct");
  predict.mutable_floats()->set_width(2);
  for (const float value : {1.0f, 2.0f, 3.0f, 4.0f}) predict.mutable_floats()->add_values(value);
  const v1::PredictResponse reply = MustPredict(predict);
  const v1::Distribution& answer = reply.heads(0).distribution();
  for (const v1::FloatSteps& steps : {answer.mean(), answer.scale()}) {
    EXPECT_EQ(steps.width(), 6u);
    EXPECT_EQ(steps.values_size(), 12);
  }
}

TEST_F(Observe, AModelOfWholeSequencesIsToldNotToBeStreamable) {
  v1::ModelConfig config = TinyTextModel().config;
  config.set_task("tag");
  config.clear_feedback();
  for (auto& layer : *config.mutable_layers()) {
    if (layer.has_lstm()) layer.mutable_lstm()->set_direction("backward");
  }
  WriteModel(repository.path(), "whole", 1, RandomModel(config, 1));
  v1::GetModelRequest request;
  request.set_name("whole");
  v1::GetModelResponse response;
  ASSERT_TRUE(models()->GetModel(NewContext().get(), request, &response).ok());
  EXPECT_EQ(response.model().state(), v1::READY) << response.model().message();
  EXPECT_FALSE(response.model().streamable());
}

TEST_F(Observe, AModelIsToldWithItsConfiguration) {
  v1::GetModelRequest request;
  request.set_name("text");
  v1::GetModelResponse response;
  ASSERT_TRUE(models()->GetModel(NewContext().get(), request, &response).ok());
  EXPECT_EQ(response.model().version(), 1);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(response.config(),
                                                                 TinyTextModel().config));
}

TEST_F(Observe, AModelOfPiecesIsToldAsItIsStoredWithoutItsAsset) {
  WriteModel(repository.path(), "pieces", 1, TinyPieceModel());
  v1::GetModelRequest request;
  request.set_name("pieces");
  v1::GetModelResponse response;
  ASSERT_TRUE(models()->GetModel(NewContext().get(), request, &response).ok());
  const v1::TokenInput& tokens = response.config().inputs(0).tokens();
  EXPECT_EQ(tokens.asset(), "sentencepiece");
  EXPECT_EQ(tokens.size(), TinyPieceModel().config.inputs(0).tokens().size());
  EXPECT_TRUE(tokens.asset_data().empty());
}

TEST_F(Observe, AModelThatFailedSaysWhy) {
  v1::GetModelRequest request;
  request.set_name("plain");
  request.set_version(3);
  v1::GetModelResponse response;
  ASSERT_TRUE(models()->GetModel(NewContext().get(), request, &response).ok());
  EXPECT_EQ(response.model().state(), v1::FAILED);
  EXPECT_NE(response.model().message(), "");
}

TEST_F(Observe, AnUnknownModelIsNotFoundAndLoadingIsNotServed) {
  v1::GetModelRequest request;
  request.set_name("no-such-model");
  v1::GetModelResponse response;
  EXPECT_EQ(ReasonOf(models()->GetModel(NewContext().get(), request, &response)),
            Reason::kModelUnknown);
  v1::LoadModelResponse loaded;
  EXPECT_EQ(models()->LoadModel(NewContext().get(), {}, &loaded).error_code(), grpc::UNIMPLEMENTED);
  v1::UnloadModelResponse unloaded;
  EXPECT_EQ(models()->UnloadModel(NewContext().get(), {}, &unloaded).error_code(),
            grpc::UNIMPLEMENTED);
}

}  // namespace
}  // namespace sequent::rpc
