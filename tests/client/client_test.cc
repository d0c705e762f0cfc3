// The client library against a real server, over a network that breaks.

#include "client/client.h"

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/model/model_file.h"
#include "gtest/gtest.h"
#include "server/rpc/server.h"
#include "tests/support/flaky_proxy.h"
#include "tests/support/models.h"

namespace sequent::client {
namespace {

class ClientTest : public testing::Test {
 protected:
  ClientTest() : root_(testing::TempDir() + "client_test_" + std::to_string(getpid())) {
    Publish("series", TinySeriesModel(HeadKind::kPoint));
    Publish("text", TinyTextModel());
    rpc::ServerOptions options;
    options.repository = root_;
    options.listen = options.metrics_listen = "127.0.0.1:0";
    auto server = rpc::Server::Start(options, {});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  ~ClientTest() override {
    server_.reset();
    std::filesystem::remove_all(root_);
  }

  void Publish(const std::string& name, const ModelContents& contents) {
    const std::string folder = root_ + "/" + name + "/1";
    std::filesystem::create_directories(folder);
    ASSERT_TRUE(WriteModelFile(folder + "/model.safetensors", contents).ok());
  }

  std::unique_ptr<Client> Connect(int port, double timeout = 30) {
    ClientOptions options;
    options.address = "127.0.0.1:" + std::to_string(port);
    options.timeout_seconds = timeout;
    options.first_backoff_seconds = 0.01;
    options.max_in_flight = 64;
    return *Client::Connect(options);
  }

  static std::unique_ptr<Session> Start(Client* client, const std::string& model) {
    SessionOptions options;
    options.model = model;
    return *client->StartSession(options);
  }

  static Input RowOf(int session, int step) {
    const float row[2] = {15.0f + static_cast<float>(session % 7) + 0.1f * static_cast<float>(step),
                          static_cast<float>(step % 5)};
    return Input::Row(row);
  }

  // What `sessions` sessions of `steps` pipelined steps each answer.
  static std::vector<std::string> StreamAll(Client* client, int sessions, int steps) {
    std::vector<std::unique_ptr<Session>> open;
    std::vector<std::promise<std::string>> answers(static_cast<size_t>(sessions * steps));
    for (int s = 0; s < sessions; ++s) open.push_back(Start(client, "series"));
    for (int t = 0; t < steps; ++t) {
      for (int s = 0; s < sessions; ++s) {
        std::promise<std::string>& answer = answers[static_cast<size_t>(s * steps + t)];
        open[static_cast<size_t>(s)]->StepAsync(
            RowOf(s, t), {}, [&answer](StatusOr<v1::PredictResponse> response) {
              answer.set_value(response.ok() ? response->heads(0).SerializeAsString()
                                             : response.status().ToString());
            });
      }
    }
    std::vector<std::string> all;
    for (auto& answer : answers) all.push_back(answer.get_future().get());
    for (const auto& session : open) {
      EXPECT_EQ(client->GetSession(session->id())->next_step(), static_cast<uint64_t>(steps) + 1);
    }
    return all;
  }

  const std::string root_;
  std::unique_ptr<rpc::Server> server_;
};

TEST_F(ClientTest, StepsOverABreakingNetworkGiveTheBitsOfAQuietOne) {
  const auto quiet = Connect(server_->port());
  const std::vector<std::string> expected = StreamAll(quiet.get(), 8, 60);
  FlakyProxy proxy(server_->port(), /*cut_after_bytes=*/8000);
  const auto client = Connect(proxy.port());
  EXPECT_EQ(StreamAll(client.get(), 8, 60), expected);
  EXPECT_GE(proxy.cuts(), 3u);
}

TEST_F(ClientTest, AnAttachedSessionGoesOnWhereItStands) {
  const auto client = Connect(server_->port());
  const auto whole = Start(client.get(), "series");
  const auto first = Start(client.get(), "series");
  for (int t = 0; t < 4; ++t) {
    ASSERT_TRUE(whole->Step(RowOf(0, t)).ok());
    ASSERT_TRUE(first->Step(RowOf(0, t)).ok());
  }
  const auto expected = whole->Step(RowOf(0, 4));
  const auto other = Connect(server_->port());
  const auto attached = other->AttachSession(first->id());
  ASSERT_TRUE(attached.ok()) << attached.status();
  const auto answer = (*attached)->Step(RowOf(0, 4));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->heads(0).SerializeAsString(), expected->heads(0).SerializeAsString());
}

TEST_F(ClientTest, ABadStepFailsAndTheSessionGoesOn) {
  const auto client = Connect(server_->port());
  const auto session = Start(client.get(), "series");
  ASSERT_TRUE(session->Step(RowOf(0, 0)).ok());
  const float narrow[1] = {1};
  EXPECT_EQ(ReasonOf(session->Step(Input::Row(narrow)).status()), Reason::kInputWidth);
  const auto next = session->Step(RowOf(0, 1));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->step(), 2u);
}

TEST_F(ClientTest, AnUnknownModelIsNamed) {
  const auto client = Connect(server_->port());
  const auto answer = Start(client.get(), "no-such-model")->Step(RowOf(0, 0));
  EXPECT_EQ(ReasonOf(answer.status()), Reason::kModelUnknown);
  EXPECT_NE(Message(answer.status()).find("no-such-model"), std::string_view::npos);
}

TEST_F(ClientTest, WithoutAServerAStepFailsInItsTime) {
  server_->Shutdown();
  const auto client = Connect(server_->port(), /*timeout=*/0.2);
  EXPECT_TRUE(absl::IsDeadlineExceeded(Start(client.get(), "series")->Step(RowOf(0, 0)).status()));
}

TEST_F(ClientTest, MayGoWhileItsStreamIsStillEnding) {
  const int port = server_->port();
  server_.reset();  // so that the clients are gRPC's only users
  for (int i = 0; i < 300; ++i) {
    const auto client = Connect(port);
    Start(client.get(), "series")->StepAsync(RowOf(0, 0), {}, [](const auto&) {});
  }
}

TEST_F(ClientTest, EndGivesBackTheSession) {
  const auto client = Connect(server_->port());
  const auto session = Start(client.get(), "series");
  ASSERT_TRUE(session->Step(RowOf(0, 0)).ok());
  ASSERT_TRUE(session->End().ok());
  EXPECT_EQ(ReasonOf(client->GetSession(session->id()).status()), Reason::kSessionUnknown);
}

TEST_F(ClientTest, ARolloutWithASeedRepeatsItself) {
  const auto client = Connect(server_->port());
  v1::RolloutRequest request;
  request.set_model("text");
  request.set_text("hello");
  request.set_steps(40);
  request.mutable_sampling()->set_seed(5);
  const auto draw = [&] {
    std::string text;
    const Status status = client->Rollout(request, [&](const v1::RolloutResponse& part) {
      if (part.has_summary()) text = part.summary().texts(0);
      return true;
    });
    EXPECT_TRUE(status.ok()) << status;
    return text;
  };
  const std::string once = draw();
  EXPECT_FALSE(once.empty());
  EXPECT_EQ(draw(), once);
}

TEST_F(ClientTest, AnExportedSessionComesToLifeUnderAnotherId) {
  const auto client = Connect(server_->port());
  const auto session = Start(client.get(), "series");
  for (int t = 0; t < 3; ++t) ASSERT_TRUE(session->Step(RowOf(1, t)).ok());
  const auto state = client->ExportSession(session->id(), false);
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_TRUE(client->ImportSession("copy", *state).ok());
  const auto copy = client->AttachSession("copy");
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ((*copy)->Step(RowOf(1, 3))->heads(0).SerializeAsString(),
            session->Step(RowOf(1, 3))->heads(0).SerializeAsString());
}

TEST_F(ClientTest, HealthAndModelsAreAnswered) {
  const auto client = Connect(server_->port());
  EXPECT_EQ(*client->Health(""), "SERVING");
  EXPECT_EQ(*client->Health("series"), "SERVING");
  EXPECT_EQ(client->ListModels()->models_size(), 2);
  EXPECT_EQ(client->GetModel("text", 0)->model().input().kind(), "text");
}

}  // namespace
}  // namespace sequent::client
