#include "trainer/publish.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>

namespace sequent {
namespace {

namespace fs = std::filesystem;

// The version a folder's name stands for, 0 if none.
uint64_t VersionOf(const std::string& name) {
  uint64_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  return error == std::errc() && end == name.data() + name.size() ? version : 0;
}

StatusOr<std::string> Write(const fs::path& directory, const ModelContents& contents) {
  fs::create_directories(directory);
  uint64_t version = 0;
  for (const auto& entry : fs::directory_iterator(directory)) {
    version = std::max(version, VersionOf(entry.path().filename().string()));
  }
  const fs::path hidden = directory / StrCat(".publishing.", getpid());
  fs::remove_all(hidden);
  fs::create_directory(hidden);
  const Status written = WriteModelFile((hidden / "model.safetensors").string(), contents);
  if (!written.ok()) {
    fs::remove_all(hidden);
    return written;
  }
  const fs::path target = directory / StrCat(version + 1);
  fs::rename(hidden, target);
  return (target / "model.safetensors").string();
}

}  // namespace

StatusOr<std::string> Publish(const std::string& directory, const ModelContents& contents) {
  try {
    return Write(directory, contents);
  } catch (const fs::filesystem_error& e) {
    return absl::UnavailableError(StrCat("publishing to ", directory, ": ", e.what()));
  }
}

}  // namespace sequent
