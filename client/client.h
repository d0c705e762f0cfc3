// A connection to a Sequent server.
//
//   auto client = *sequent::client::Client::Connect({.address = "localhost:8001"});
//   auto session = client->StartSession({.model = "weather"});
//   auto answer = session->Step(sequent::client::Input::Row(measurements));
//
// Errors are absl::Status with the server's code, message and Reason (core/base/error.h).
// Thread safety: thread-safe.
#ifndef SEQUENT_CLIENT_CLIENT_H_
#define SEQUENT_CLIENT_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "client/input.h"
#include "client/options.h"
#include "client/session.h"
#include "core/base/status.h"
#include "sequent/v1/model_repository.pb.h"
#include "sequent/v1/predictor.pb.h"

namespace sequent::client {

class Client {
 public:
  // Checks the options; the connection itself is made with the first call, and again when it
  // breaks.
  static StatusOr<std::unique_ptr<Client>> Connect(const ClientOptions& options);
  // Unanswered steps fail with CANCELLED. Waits for its streams to end, so not from a callback.
  ~Client();

  // A new session; it comes into being on the server with its first step.
  StatusOr<std::unique_ptr<Session>> StartSession(const SessionOptions& options);
  // A live session of the server, to go on where it stands. NOT_FOUND if there is none.
  StatusOr<std::unique_ptr<Session>> AttachSession(const std::string& id);

  // A whole stateless sequence, or any request one has filled in oneself. Sent again after
  // UNAVAILABLE only if that cannot apply it twice (stateless or numbered).
  StatusOr<v1::PredictResponse> Predict(v1::PredictRequest request);

  // The server continues a session or prompt. `on_part` gets every part as it comes and returns
  // false to stop early (the call then returns CANCELLED). Not sent again.
  Status Rollout(const v1::RolloutRequest& request,
                 const std::function<bool(const v1::RolloutResponse&)>& on_part);

  StatusOr<v1::SessionInfo> GetSession(const std::string& id);
  Status CloseSession(const std::string& id);
  StatusOr<v1::SessionInfo> ForkSession(const std::string& id, const std::string& new_id);
  StatusOr<v1::ListSessionsResponse> ListSessions(const v1::ListSessionsRequest& request);
  StatusOr<v1::SessionState> ExportSession(const std::string& id, bool close);
  StatusOr<v1::SessionInfo> ImportSession(const std::string& id, const v1::SessionState& state);

  StatusOr<v1::ListModelsResponse> ListModels();
  StatusOr<v1::GetModelResponse> GetModel(const std::string& name, int64_t version);

  // grpc.health.v1: "SERVING", "NOT_SERVING", ...; `service` empty = the whole server, else a
  // model.
  StatusOr<std::string> Health(const std::string& service);

 private:
  Client();
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_CLIENT_H_
