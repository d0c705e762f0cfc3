#include "trainer/run_folders.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

namespace sequent {
namespace {

namespace fs = std::filesystem;

bool IsRun(const fs::path& path) {
  const std::string name = path.filename().string();
  const bool number =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::error_code none;
  // A link leads to a folder that may be anybody's.
  if (!number || fs::is_symlink(path, none) || !fs::is_directory(path, none)) return false;
  return fs::exists(path / "metrics.jsonl", none) || fs::exists(path / "checkpoints", none);
}

Status Failed(const fs::path& path, const std::error_code& error) {
  return absl::UnavailableError(StrCat("output.run_dir: ", path.string(), ": ", error.message()));
}

}  // namespace

Status RemoveRunFolders(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> runs;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (IsRun(entry->path())) runs.push_back(entry->path());
  }
  if (error == std::errc::no_such_file_or_directory) return absl::OkStatus();
  if (error) return Failed(folder, error);
  for (const fs::path& run : runs) {
    fs::remove_all(run, error);
    if (error) return Failed(run, error);
  }
  return absl::OkStatus();
}

}  // namespace sequent
