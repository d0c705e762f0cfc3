#include "server/engine/model_registry.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "server/engine/metrics.h"

namespace sequent::engine {
namespace {

namespace fs = std::filesystem;

constexpr char kModelFile[] = "model.safetensors";

// Name and version, in this order.
bool Before(const std::shared_ptr<const ModelVersion>& a,
            const std::shared_ptr<const ModelVersion>& b) {
  return a->name != b->name ? a->name < b->name : a->version < b->version;
}

bool Hidden(const std::string& name) { return name.empty() || name[0] == '.'; }

// A positive integer without sign or leading zero.
std::optional<int64_t> ParseVersion(const std::string& name) {
  int64_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole && version > 0 && name[0] != '0' ? std::optional(version) : std::nullopt;
}

Status FolderError(const std::string& path, const std::error_code& error) {
  const std::string message = StrCat(path, ": ", error.message());
  switch (error.value()) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

// Names of the folders in `path`, sorted, hidden ones and files left out.
StatusOr<std::vector<std::string>> Folders(const std::string& path) {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator entry(path, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (!Hidden(name) && entry->is_directory(ignored)) names.push_back(name);
  }
  if (error) return FolderError(path, error);
  std::sort(names.begin(), names.end());
  return names;
}

std::shared_ptr<ModelVersion> Failed(std::string name, int64_t version, std::string message) {
  auto failed = std::make_shared<ModelVersion>();
  failed->name = std::move(name);
  failed->version = version;
  failed->state = ModelVersion::State::kFailed;
  failed->message = std::move(message);
  return failed;
}

std::shared_ptr<ModelVersion> LoadVersion(const std::string& folder, const std::string& name,
                                          int64_t version, const ModelOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  auto model = Model::Load((fs::path(folder) / kModelFile).string(), options);
  if (!model.ok()) return Failed(name, version, std::string(Message(model.status())));
  auto loaded = std::make_shared<ModelVersion>();
  loaded->name = name;
  loaded->version = version;
  loaded->state = ModelVersion::State::kReady;
  loaded->model = *std::move(model);
  loaded->load_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return loaded;
}

}  // namespace

Status ModelRegistry::LoadAll(const std::string& root) {
  SEQ_ASSIGN_OR_RETURN(const std::vector<std::string> models, Folders(root));
  for (const std::string& name : models) LoadModel((fs::path(root) / name).string(), name);
  return absl::OkStatus();
}

void ModelRegistry::LoadModel(const std::string& folder, const std::string& name) {
  const auto versions = Folders(folder);
  if (!versions.ok()) return Insert(Failed(name, 0, std::string(Message(versions.status()))));
  if (versions->empty()) {
    return Insert(Failed(name, 0, StrCat(folder, ": expected a folder <version>/, found none")));
  }
  for (const std::string& version_name : *versions) {
    const std::string path = (fs::path(folder) / version_name).string();
    const std::optional<int64_t> version = ParseVersion(version_name);
    Insert(version ? LoadVersion(path, name, *version, options_)
                   : Failed(name, 0,
                            StrCat(path, ": expected a positive integer as the version, got '",
                                   Quoted(version_name), "'")));
  }
}

void ModelRegistry::Add(const std::string& name, int64_t version,
                        std::shared_ptr<const Model> model) {
  auto added = std::make_shared<ModelVersion>();
  added->name = name;
  added->version = version;
  added->state = ModelVersion::State::kReady;
  added->model = std::move(model);
  Insert(std::move(added));
}

void ModelRegistry::Insert(std::shared_ptr<ModelVersion> version) {
  const bool ready = version->state == ModelVersion::State::kReady;
  if (metrics_ != nullptr && ready) {
    metrics_->ModelLoaded(version->name, version->version, version->load_seconds);
  } else if (metrics_ != nullptr) {
    metrics_->ModelLoadFailed(version->name);
  }
  MutexLock lock(&mutex_);
  const std::string name = version->name;
  versions_.insert(std::upper_bound(versions_.begin(), versions_.end(),
                                    std::shared_ptr<const ModelVersion>(version), Before),
                   version);
  MarkDefault(name);
}

// Those that Resolve has handed out stay as they were: a version that changes is replaced.
void ModelRegistry::MarkDefault(const std::string& name) {
  int64_t newest = 0;
  for (const auto& v : versions_) {
    if (v->name == name && v->state == ModelVersion::State::kReady) newest = v->version;
  }
  for (auto& v : versions_) {
    const bool is_default = v->state == ModelVersion::State::kReady && v->version == newest;
    if (v->name != name || v->is_default == is_default) continue;
    auto changed = std::make_shared<ModelVersion>(*v);
    changed->is_default = is_default;
    v = std::move(changed);
  }
}

StatusOr<std::shared_ptr<const ModelVersion>> ModelRegistry::Resolve(const std::string& name,
                                                                     int64_t version) const {
  MutexLock lock(&mutex_);
  for (const auto& v : versions_) {
    if (v->name != name || v->state != ModelVersion::State::kReady) continue;
    if (version == 0 ? v->is_default : v->version == version) return v;
  }
  std::string message = StrCat("there is no model '", Quoted(name), "'");
  if (version != 0) message += StrCat(" in version ", version);
  return MakeError(Reason::kModelUnknown, message);
}

std::vector<std::shared_ptr<const ModelVersion>> ModelRegistry::List() const {
  MutexLock lock(&mutex_);
  return versions_;
}

}  // namespace sequent::engine
