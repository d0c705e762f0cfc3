#include "trainer/sentencepiece_learner.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <vector>

#include "core/base/error.h"
#include "core/codec/utf8_stream.h"
#include "core/model/utf8.h"
#include "core/model/word_class.h"

extern char** environ;

namespace sequent {
namespace {

// The library skips lines of more than 4192 bytes.
constexpr size_t kMaxLineBytes = 4096;

Status SystemError(std::string_view what) {
  return absl::InternalError(
      StrCat("learning SentencePiece pieces: ", ToAbsl(what), ": ", std::strerror(errno)));
}

// A file without a name, in memory.
class MemoryFile {
 public:
  static StatusOr<MemoryFile> Create() {
    const int descriptor = memfd_create("sequent-sentencepiece", MFD_CLOEXEC);
    if (descriptor < 0) return SystemError("memfd_create");
    return MemoryFile(descriptor);
  }
  MemoryFile(MemoryFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  MemoryFile& operator=(MemoryFile&&) = delete;
  ~MemoryFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  int descriptor() const { return descriptor_; }

  Status Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return SystemError("write");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }
  Status Rewind() {
    return lseek(descriptor_, 0, SEEK_SET) == 0 ? absl::OkStatus() : SystemError("lseek");
  }
  StatusOr<std::string> Read() {
    SEQ_RETURN_IF_ERROR(Rewind());
    std::string all;
    std::vector<char> buffer(1 << 16);
    for (;;) {
      const ssize_t got = read(descriptor_, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError("read");
      if (got == 0) return all;
      all.append(buffer.data(), static_cast<size_t>(got));
    }
  }

 private:
  explicit MemoryFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Lines for the library: texts cut at all white space but the space, and where they get too long.
struct Lines {
  std::string text;
  std::set<char32_t> spaces = {U'\n'};  // what they were cut at
};

Lines CutLines(std::span<const std::string_view> texts) {
  Lines lines;
  size_t begin = 0;  // of the line
  const auto end_line = [&] {
    if (lines.text.size() == begin) return;
    lines.text += '\n';
    begin = lines.text.size();
  };
  for (const std::string_view text : texts) {
    const char nothing[Utf8Stream::kStateBytes] = {};
    Utf8Stream stream(nothing);
    stream.Decode(text, [&](std::string_view sequence) {
      if (sequence.empty()) return;
      const char32_t code_point = *DecodeCodePoint(sequence);
      if (code_point != U' ' && IsSpace(code_point)) {
        lines.spaces.insert(code_point);
        return end_line();
      }
      if (lines.text.size() - begin >= kMaxLineBytes) end_line();
      lines.text += sequence;
    });
    end_line();
  }
  return lines;
}

StatusOr<std::string> ProgramPath() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto path =
      program.parent_path().parent_path() / "lib" / "sequent" / "sequent_sentencepiece";
  if (access(path.c_str(), X_OK) == 0) return path.string();
  return absl::UnimplementedError(
      StrCat("learning SentencePiece pieces is not installed (it is built where CMake finds the "
             "library): ",
             path.string(), ": ", std::strerror(errno), "; give a model with sentencepiece_model"));
}

// How the program ended, as wait says it.
StatusOr<int> RunProgram(const std::vector<std::string>& arguments, int in, int out) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  pid_t child = 0;
  errno = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  const int failed = errno;
  posix_spawn_file_actions_destroy(&actions);
  errno = failed;
  if (failed != 0) return SystemError(argv[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return SystemError("waitpid");
  }
  return status;
}

}  // namespace

StatusOr<std::string> LearnSentencePieces(const SentencePieceOptions& options,
                                          std::span<const std::string_view> texts) {
  const Lines lines = CutLines(texts);
  if (lines.text.find_first_not_of(" \n") == std::string::npos) {
    return absl::DataLossError("expected words to learn pieces of, got white space alone");
  }
  SEQ_ASSIGN_OR_RETURN(const std::string program, ProgramPath());
  SEQ_ASSIGN_OR_RETURN(MemoryFile in, MemoryFile::Create());
  SEQ_ASSIGN_OR_RETURN(MemoryFile out, MemoryFile::Create());
  SEQ_RETURN_IF_ERROR(in.Write(lines.text));
  SEQ_RETURN_IF_ERROR(in.Rewind());
  std::vector<std::string> arguments = {program, StrCat(options.max_vocabulary),
                                        StrCat(options.character_coverage)};
  for (const char32_t space : lines.spaces) arguments.push_back(EncodeCodePoint(space));
  SEQ_ASSIGN_OR_RETURN(const int status, RunProgram(arguments, in.descriptor(), out.descriptor()));
  SEQ_ASSIGN_OR_RETURN(std::string said, out.Read());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1) {
    return absl::InvalidArgumentError(StrCat("SentencePiece: ", Quoted(said, 500)));
  }
  const bool killed = WIFSIGNALED(status);
  return absl::InternalError(StrCat(program, " ended by ", killed ? "signal " : "exit code ",
                                    killed ? WTERMSIG(status) : WEXITSTATUS(status)));
}

}  // namespace sequent
