// What becomes of a request when its turn comes, by the session's life, epoch and step numbers
// alone: the table of promises of docs/protocol.md.
//
// Thread safety: pure functions; the caller's tick has the session.
#ifndef SEQUENT_SERVER_ENGINE_ADMISSION_H_
#define SEQUENT_SERVER_ENGINE_ADMISSION_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/status.h"
#include "server/engine/request.h"
#include "server/engine/session.h"

namespace sequent::engine {

struct Admission {
  enum class Kind {
    kRefused,   // with `status`
    kReplayed,  // answered with `reply`, nothing runs
    kBegins,    // applied to the initial state, if its model can be had
    kContinues  // applied to the session as it stands
  };
  Kind kind = Kind::kRefused;
  Status status;
  std::shared_ptr<const StepReply> reply;
  uint64_t step = 1;    // kBegins, kContinues: of the first unit
  bool resets = false;  // kBegins: a live session is thrown away
};

// `item` is in front of `session`, which has an id.
Admission Admit(const Session& session, const StepItem& item);

// Whether a request can call a session into being: `start`, or step 1 with a model.
bool CanBegin(const StepRequest& request);

// MODEL_MISMATCH if `model` or `version` are given and not what the session is bound to.
Status CheckModel(const Session& session, const std::string& model, int64_t version);
// SESSION_REPLACED if an epoch is given and not the live one.
Status CheckEpoch(const Session& session, uint64_t epoch);
// STEP_GAP or STEP_TOO_OLD unless `step` is the session's next.
Status CheckNextStep(const Session& session, uint64_t step);
Status SessionUnknown(std::string_view id);

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_ADMISSION_H_
