// What the server has to say about itself: one event per lifecycle change, never one per step. The
// program turns events into log lines; libraries log nothing.
#ifndef SEQUENT_SERVER_RPC_EVENT_H_
#define SEQUENT_SERVER_RPC_EVENT_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sequent::rpc {

struct Event {
  enum class Level { kInfo, kWarning, kError };
  Level level = Level::kInfo;
  std::string name;  // "listening", "model_loaded", "draining", ...
  std::vector<std::pair<std::string, std::string>> fields;
};

// May be called from any thread, must not block for long. Empty: events are dropped.
using EventSink = std::function<void(const Event&)>;

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_EVENT_H_
