#include "trainer/process_ranks.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>

#include "absl/strings/numbers.h"

namespace sequent {
namespace {

// Open MPI; MPICH, Slurm.
constexpr const char* kMarks[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};

// Beside the program: bin/sequent-train, lib/sequent/sequent_mpi.so.
std::string ModulePath() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return (program.parent_path().parent_path() / "lib" / "sequent" / "sequent_mpi.so").string();
}

Status NoModule(const std::string& mark) {
  const char* why = dlerror();
  return absl::UnimplementedError(
      StrCat("started by mpirun (", mark,
             "), but training on several ranks is not installed (it is built where CMake finds "
             "MPI): ",
             why == nullptr ? "" : why));
}

}  // namespace

std::string MarkOfRanks(const std::vector<std::pair<std::string, std::string>>& environment) {
  for (const auto& [name, value] : environment) {
    const bool mark = std::find(std::begin(kMarks), std::end(kMarks), name) != std::end(kMarks);
    uint64_t ranks = 0;
    if (mark && absl::SimpleAtoi(value, &ranks) && ranks > 1) return StrCat(name, "=", value);
  }
  return "";
}

StatusOr<std::unique_ptr<train::Ranks>> JoinRanks(
    const std::vector<std::pair<std::string, std::string>>& environment) {
  const std::string mark = MarkOfRanks(environment);
  if (mark.empty()) return std::unique_ptr<train::Ranks>();
  // Global, since MPI's own plugins look for its symbols.
  void* const module = dlopen(ModulePath().c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (module == nullptr) return NoModule(mark);
  using Join = train::Ranks* (*)();
  const auto join = reinterpret_cast<Join>(dlsym(module, "SequentJoinRanks"));
  if (join == nullptr) return NoModule(mark);
  return std::unique_ptr<train::Ranks>(join());
}

}  // namespace sequent
