// A reply in few bytes: what its session's reply cache keeps of it.
//
// Left out is what the cache and the session know: model, version, epoch, steps, names of heads and
// classes. Only replies to requests that were applied are packed, so the status is OK.
// Thread safety: pure functions.
#ifndef SEQUENT_SERVER_ENGINE_PACKED_REPLY_H_
#define SEQUENT_SERVER_ENGINE_PACKED_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "server/engine/lane.h"
#include "server/engine/request.h"

namespace sequent::engine {

// What a reply takes in memory as it is.
size_t ReplyBytes(const StepReply& reply);

// `heads`: for each of the reply's results the index of its head in the model's graph.
size_t PackedBytes(const StepReply& reply, std::span<const uint32_t> heads);
// Writes as many bytes to `to`.
void PackReply(const StepReply& reply, std::span<const uint32_t> heads, std::byte* to);
// `reply`, as new, becomes what was packed, by the model of `lane`, but for epoch, step, steps and
// next_step.
void UnpackReply(std::span<const std::byte> packed, const Lane& lane, StepReply* reply);

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_PACKED_REPLY_H_
