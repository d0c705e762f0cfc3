// A network ready to run: immutable weights, packed for the kernels, shared by all threads.
//
// Four things are kept apart: the Model, each session's state row, the Workspace with all scratch,
// and the TickBatch that says what to compute. A row holds everything the model must remember
// between two steps:
//
//   | layers' state | codec state | last: "there is one" + the heads' inputs at the last step |
//
// A model whose graph is not streamable takes whole sequences: the steps of a row are one, begun
// with InitState; heads behind a pool then say the same at every step.
//
// A model has one precision, which is one arithmetic for every batch, chunk and thread count.
//
// Batch invariance: the outputs and the state of a row are bit-identical whatever other rows share
// the batch, however its steps are cut into chunks (where it may be), and on any number of threads.
//
// Thread safety: const methods may be called from any thread; rows, buffers and the workspace
// belong to the caller for the duration of the call.
#ifndef SEQUENT_CORE_NN_MODEL_H_
#define SEQUENT_CORE_NN_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/precision.h"
#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/codec/series_codec.h"
#include "core/codec/text_codec.h"
#include "core/model/graph.h"
#include "core/model/model_file.h"
#include "core/nn/sharing.h"
#include "core/nn/workspace.h"

namespace sequent {

// One session's place in a tick.
struct TickRow {
  std::byte* state = nullptr;       // state_size() bytes, 64-byte aligned; advanced in place
  uint32_t steps = 0;               // 0: only the heads, from `last`
  const int32_t* tokens = nullptr;  // token models: [steps], each in 0 .. tokens-1
  // feature models: [steps, input_width], as the codec encoded them
  const float* features = nullptr;
  // Heads are computed for steps >= first_output (steps == first_output: none).
  uint32_t first_output = 0;
  // Also answer, before those, what the heads said at the step before this chunk (from `last`; all
  // NaN if there was none): one more row in front of every output. steps = 0 answers exactly this
  // row.
  bool output_last = false;
  // Per head: nullptr (not wanted), or [(output_last) + steps - first_output, head.outputs] floats.
  // softmax: logits. point: values. gaussian: means, then standard deviations. student_t:
  // locations, then scales. quantiles: [values(), levels]. All in model units.
  float* const* outputs = nullptr;
};

struct TickBatch {
  std::span<const TickRow> rows;
};

class Head;
class Layer;

struct ModelOptions {
  // The weights are rounded to this precision; none: as they are stored.
  std::optional<Precision> precision = std::nullopt;
};

class Model {
 public:
  // Reads and checks the file and packs the weights. Errors: as ReadModelFile.
  static StatusOr<std::shared_ptr<const Model>> Load(const std::string& path,
                                                     const ModelOptions& options = {});
  // From parts in memory; the same checks, but the checksum. The fingerprint is
  // contents.fingerprint.
  static StatusOr<std::shared_ptr<const Model>> Create(ModelContents contents,
                                                       const ModelOptions& options = {});
  ~Model();

  const v1::ModelConfig& config() const { return config_; }
  const Graph& graph() const { return graph_; }
  const std::string& fingerprint() const { return fingerprint_; }
  const std::string& training() const { return training_; }
  uint64_t parameters() const { return parameters_; }  // number of weights
  Precision precision() const { return precision_; }

  // Exactly one of these is set, or neither: token ids without text.
  const TextCodec* text_codec() const { return text_codec_.get(); }
  const SeriesCodec* series_codec() const { return series_codec_.get(); }
  size_t input_width() const;  // feature models: floats per encoded step; token models: 0

  size_t state_size() const { return state_size_; }  // bytes, a multiple of 64
  // The state before the first step.
  void InitState(std::byte* row) const;
  // For rows from outside: DATA_LOSS unless every segment is one this model could have written
  // (finite values, codec states valid).
  Status ValidateState(const std::byte* row) const;
  // Where the codec's state stands in a row.
  std::byte* codec_state(std::byte* row) const { return row + codec_offset_; }
  const std::byte* codec_state(const std::byte* row) const { return row + codec_offset_; }
  // Whether a step has been made, so that `last` means something.
  bool HasLast(const std::byte* row) const;

  // Runs every row's steps. Rows may have different numbers of steps; any order. Nothing is
  // allocated once the workspace has seen a batch of this size. `pool` may be null: the calling
  // thread only; else its threads share the tick as `plan` says. Token ids and row pointers must
  // have been checked by the caller; values may be anything finite. Scratch is bounded by the
  // number of rows, not by their steps (whole sequences: by the longest one). Denormals are flushed
  // to zero from here on in every thread that takes part, the caller's included.
  void Run(const TickBatch& batch, Workspace* workspace, ThreadPool* pool,
           const SharingPlan& plan = SharingPlan(Sharing::kRows)) const;
  // How the pool's threads best share ticks of this model: tried out, see SharingPlan::Measure.
  SharingPlan MeasureSharing(ThreadPool* pool) const;

 private:
  friend class TickPart;

  Model();
  Status Build(TensorMap tensors, const ModelOptions& options);
  Status BuildCodec();
  void BuildHeads(const TensorMap& tensors);
  Status ValidateLast(const std::byte* row) const;

  v1::ModelConfig config_;
  Graph graph_;
  std::string fingerprint_, training_;
  Precision precision_ = Precision::kFp32;
  uint64_t parameters_ = 0;
  std::unique_ptr<const TextCodec> text_codec_;
  std::unique_ptr<const SeriesCodec> series_codec_;
  std::vector<std::unique_ptr<const Layer>> layers_;  // one per graph node; null for inputs
  std::vector<size_t> layer_offsets_;                 // in a row, one per graph node
  std::vector<Head> heads_;
  // `last` is a 32-bit flag, 1 if there is one, then the outputs of these nodes.
  std::vector<size_t> last_nodes_;
  size_t last_width_ = 0;  // floats of them all
  size_t state_size_ = 0, codec_offset_ = 0, codec_size_ = 0, last_offset_ = 0;  // bytes
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_MODEL_H_
