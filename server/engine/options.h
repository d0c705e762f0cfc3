// What an engine is told at start. Flags of sequent-server are these fields, by name.
#ifndef SEQUENT_SERVER_ENGINE_OPTIONS_H_
#define SEQUENT_SERVER_ENGINE_OPTIONS_H_

#include <cstddef>
#include <cstdint>

namespace sequent::engine {

struct EngineOptions {
  // Compute threads of one tick, the ticking thread included; 0 = cores - 1, at least 1.
  size_t threads = 0;
  // Rows (sessions) of one tick.
  size_t max_batch_rows = 512;
  // Steps one row may take in one tick; a longer request waits its turn for the rest.
  size_t max_tick_steps = 64;
  // Steps of a sequence that a model takes whole, in one tick; a longer one is refused
  // (INPUT_TOO_LONG).
  size_t max_sequence_steps = 10'000;
  // A tick's rows are cut so that its measured cost stays under this.
  double tick_budget_seconds = 0.002;

  size_t max_sessions = 1'000'000;
  double session_ttl_seconds = 15 * 60;
  // State rows and reply caches together, bytes; 0 = no bound.
  size_t max_session_bytes = 0;
  // Steps queued over all sessions; beyond: QUEUE_FULL.
  size_t max_queued_steps = 1'000'000;
  // Requests queued for one session, and replies cached for it.
  size_t max_session_queue = 256;
  // Bytes of replies cached for one session.
  size_t max_session_reply_bytes = 1 << 20;
  // An answer that could be larger is refused before anything runs (OUTPUT_TOO_LONG).
  size_t max_reply_bytes = 2 << 20;
  size_t max_rollout_steps = 10'000;
  size_t max_rollout_samples = 1'000;
  // The last replies of an ended session stay answerable for this long.
  double reply_retention_seconds = 60;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_OPTIONS_H_
