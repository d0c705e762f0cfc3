// Calls about one session as a whole: look, list, close, fork, export, import.
//
// Thread safety: thread-safe. `done` is called exactly once, at once or by a tick.
#ifndef SEQUENT_SERVER_ENGINE_SESSION_CALLS_H_
#define SEQUENT_SERVER_ENGINE_SESSION_CALLS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/status.h"
#include "server/engine/engine.h"
#include "server/engine/engine_context.h"
#include "server/engine/request.h"
#include "server/engine/session_flow.h"

namespace sequent::engine {

class SessionCalls {
 public:
  SessionCalls(EngineContext* context, SessionFlow* flow) : context_(context), flow_(flow) {}

  StatusOr<SessionInfo> Get(const std::string& id);
  StatusOr<Engine::SessionPage> List(const std::string& model, uint32_t page_size,
                                     const std::string& page_token);
  void Close(const std::string& id, std::function<void(Status)> done);
  void Fork(const std::string& id, const std::string& new_id,
            std::function<void(StatusOr<SessionInfo>)> done);
  void Export(const std::string& id, bool close, std::function<void(StatusOr<SessionState>)> done);
  StatusOr<SessionInfo> Import(const std::string& id, const SessionState& state);

 private:
  SessionInfo InfoOf(const Session& session) const;
  // What the session's tick hands to `act` in its turn: OK only while the session lives.
  template <typename Result, typename Act>
  void InTurn(const std::string& id, std::function<void(Result)> done, Act act);
  StatusOr<SessionInfo> Insert(const std::string& id, Lane* lane, StateRow row, uint64_t epoch,
                               uint64_t next_step);

  EngineContext* const context_;
  SessionFlow* const flow_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_SESSION_CALLS_H_
