// The models a server has: <root>/<model>/<version>/model.safetensors, loaded at start.
//
// A version that cannot be loaded is kept as FAILED with its reason and disturbs nothing. The
// newest version that is READY is served by default. Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_ENGINE_MODEL_REGISTRY_H_
#define SEQUENT_SERVER_ENGINE_MODEL_REGISTRY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/status.h"
#include "core/nn/model.h"

namespace sequent::engine {

class Metrics;

struct ModelVersion {
  enum class State { kLoading, kReady, kRetiring, kFailed };
  std::string name;
  int64_t version = 0;
  State state = State::kLoading;
  std::string message;                 // kFailed: why
  std::shared_ptr<const Model> model;  // kReady, kRetiring
  bool is_default = false;
  double load_seconds = 0;
};

class ModelRegistry {
 public:
  // `options`: how every file is loaded.
  explicit ModelRegistry(Metrics* metrics, const ModelOptions& options = {})
      : metrics_(metrics), options_(options) {}

  // Loads every version under `root`. Fails (NOT_FOUND, PERMISSION_DENIED) only if the root itself
  // cannot be read; names that are no model or version folders are reported as FAILED or ignored if
  // hidden. An empty repository is allowed.
  Status LoadAll(const std::string& root);
  // Adds a model already in memory.
  void Add(const std::string& name, int64_t version, std::shared_ptr<const Model> model);

  // MODEL_UNKNOWN unless such a READY version exists; version 0 = the default one.
  StatusOr<std::shared_ptr<const ModelVersion>> Resolve(const std::string& name,
                                                        int64_t version) const;
  // By name, then version.
  std::vector<std::shared_ptr<const ModelVersion>> List() const;

 private:
  void LoadModel(const std::string& folder, const std::string& name);
  void Insert(std::shared_ptr<ModelVersion> version);
  void MarkDefault(const std::string& name) SEQ_REQUIRES(mutex_);

  Metrics* const metrics_;
  const ModelOptions options_;
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<const ModelVersion>> versions_ SEQ_GUARDED_BY(mutex_);
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_MODEL_REGISTRY_H_
