// Files: read whole, mapped, or replaced atomically. Messages of errors name the path and the
// cause. Thread safety: all functions are thread-safe; a MappedFile has one owner.
#ifndef SEQUENT_CORE_BASE_FILE_H_
#define SEQUENT_CORE_BASE_FILE_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace sequent {

// The whole content. NOT_FOUND, PERMISSION_DENIED, or UNAVAILABLE (read error).
StatusOr<std::string> ReadFile(const std::string& path);

// Replaces `path` by the parts, one after another: written to a temporary file beside it, flushed
// to disk, renamed, the directory flushed. A reader sees the old file or the new one, never a part.
// On failure the old file is untouched and the temporary one removed. RESOURCE_EXHAUSTED: disk
// full.
Status WriteFileAtomically(const std::string& path, std::span<const std::string_view> parts);
inline Status WriteFileAtomically(const std::string& path, std::string_view content) {
  return WriteFileAtomically(path, std::span(&content, 1));
}

// A file mapped for reading; unmapped on destruction. Movable.
class MappedFile {
 public:
  static StatusOr<MappedFile> Open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  MappedFile(const void* data, size_t size) : data_(data), size_(size) {}
  const void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_FILE_H_
