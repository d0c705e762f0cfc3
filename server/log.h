// Events as lines on stderr.
#ifndef SEQUENT_SERVER_LOG_H_
#define SEQUENT_SERVER_LOG_H_

#include <string>

#include "server/rpc/event.h"

namespace sequent {

// `level`: info | warning | error; `format`: text | json. The sink is thread-safe.
rpc::EventSink MakeLog(const std::string& level, const std::string& format);

// "listening grpc_port=8001" / "\"event\":\"listening\",\"grpc_port\":\"8001\"": what stands behind
// time and level. Bytes that could break a line are escaped.
std::string TextLine(const rpc::Event& event);
std::string JsonMembers(const rpc::Event& event);

}  // namespace sequent

#endif  // SEQUENT_SERVER_LOG_H_
