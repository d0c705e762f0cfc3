#include "server/rpc/affinity.h"

#include <grpcpp/server_context.h>

#include "core/base/error.h"
#include "server/engine/engine.h"

namespace sequent::rpc {
namespace {

constexpr char kKey[] = "x-session-id";

}  // namespace

StatusOr<Affinity> Affinity::OfCall(grpc::ServerContextBase* context) {
  const auto [first, last] = context->client_metadata().equal_range(kKey);
  if (first == last) return Affinity();
  if (std::next(first) != last) {
    return MakeError(Reason::kBadRequest, "metadata x-session-id: expected one value, got several");
  }
  std::string key(first->second.data(), first->second.size());
  if (const Status status = engine::CheckSessionId(key); !status.ok()) {
    return MakeError(Reason::kBadRequest, StrCat("metadata x-session-id: ", status.message()));
  }
  context->AddInitialMetadata(kKey, key);
  return Affinity(std::move(key));
}

Status Affinity::Check(std::string_view session_id) const {
  if (key_.empty() || session_id == key_) return absl::OkStatus();
  if (session_id.size() > key_.size() && session_id.substr(0, key_.size()) == key_ &&
      session_id[key_.size()] == '/') {
    return absl::OkStatus();
  }
  return MakeError(
      Reason::kBadRequest,
      StrCat("session_id: expected the call's x-session-id '", key_,
             "' or an id that begins with it and '/', got '", Quoted(session_id), "'"));
}

}  // namespace sequent::rpc
