#include "core/train/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "core/base/file.h"
#include "core/base/hash.h"

namespace sequent::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "SEQCKPT2";

class Writer {
 public:
  void Put(uint64_t value) { out_.append(reinterpret_cast<const char*>(&value), sizeof(value)); }
  void Put(double value) { out_.append(reinterpret_cast<const char*>(&value), sizeof(value)); }
  void Put(const std::string& text) {
    Put(uint64_t{text.size()});
    out_.append(text);
  }
  void Put(const std::vector<std::string>& texts) {
    Put(uint64_t{texts.size()});
    for (const std::string& text : texts) Put(text);
  }
  void Put(const Patience& patience) {
    Put(patience.best);
    Put(patience.bad_validations);
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reads what Writer wrote; after the first field that is not whole, `ok` stays false.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  template <typename T>
  void Get(T* value) {
    if (!Has(sizeof(T))) return;
    std::memcpy(value, in_.data(), sizeof(T));
    in_.remove_prefix(sizeof(T));
  }
  void Get(std::string* text) {
    uint64_t size = 0;
    Get(&size);
    if (!Has(size)) return;
    text->assign(in_.substr(0, size));
    in_.remove_prefix(size);
  }
  void Get(Patience* patience) {
    Get(&patience->best);
    Get(&patience->bad_validations);
  }
  void Get(std::vector<std::string>* texts) {
    uint64_t count = 0;
    Get(&count);
    for (uint64_t i = 0; i < count && ok_; ++i) Get(&texts->emplace_back());
  }
  bool ok() const { return ok_; }
  bool AtEnd() const { return in_.empty(); }

 private:
  bool Has(uint64_t size) { return ok_ = ok_ && size <= in_.size(); }
  std::string_view in_;
  bool ok_ = true;
};

fs::path Folder(const std::string& run_dir) { return fs::path(run_dir) / "checkpoints"; }

// Of the folder's entries, those that can be listed.
std::vector<fs::path> Entries(const std::string& run_dir) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator at(Folder(run_dir), error), end; !error && at != end;
       at.increment(error)) {
    paths.push_back(at->path());
  }
  return paths;
}

// Updates of the checkpoint files there are, newest first.
std::vector<uint64_t> List(const std::string& run_dir) {
  std::vector<uint64_t> updates;
  for (const fs::path& path : Entries(run_dir)) {
    uint64_t update = 0;
    if (path.extension() == ".ckpt" && absl::SimpleAtoi(path.stem().string(), &update)) {
      updates.push_back(update);
    }
  }
  std::sort(updates.rbegin(), updates.rend());
  return updates;
}

// Temporary files of writes that a kill cut short.
void RemoveHalfWritten(const std::string& run_dir) {
  for (const fs::path& path : Entries(run_dir)) {
    if (path.filename().string().find(".ckpt.tmp.") == std::string::npos) continue;
    std::error_code ignored;
    fs::remove(path, ignored);
  }
}

std::string PathOf(const std::string& run_dir, uint64_t update) {
  return (Folder(run_dir) / (std::to_string(update) + ".ckpt")).string();
}

}  // namespace

std::string SerializeCheckpoint(const Checkpoint& checkpoint) {
  Writer writer;
  writer.Put(checkpoint.config);
  writer.Put(checkpoint.model);
  writer.Put(checkpoint.data);
  writer.Put(checkpoint.update);
  writer.Put(checkpoint.finished);
  writer.Put(checkpoint.parameters);
  writer.Put(checkpoint.slots);
  writer.Put(checkpoint.ema);
  writer.Put(checkpoint.states);
  writer.Put(checkpoint.best_update);
  writer.Put(checkpoint.best);
  writer.Put(uint64_t{checkpoint.best_measures.size()});
  for (const auto& [name, value] : checkpoint.best_measures) {
    writer.Put(name);
    writer.Put(value);
  }
  writer.Put(checkpoint.patience);
  writer.Put(checkpoint.plateau.patience);
  writer.Put(checkpoint.plateau.factor);
  writer.Put(checkpoint.plateau.cooldown);
  const std::string rest = writer.Take();
  const uint32_t crc = Crc32c(rest);
  std::string bytes(kMagic);
  bytes.append(reinterpret_cast<const char*>(&crc), sizeof(crc));
  return bytes + rest;
}

StatusOr<Checkpoint> ParseCheckpoint(std::string_view bytes) {
  uint32_t crc = 0;
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + sizeof(crc)) {
    return absl::DataLossError("checkpoint: expected to begin with SEQCKPT2 and a checksum");
  }
  std::memcpy(&crc, bytes.data() + kMagic.size(), sizeof(crc));
  bytes.remove_prefix(kMagic.size() + sizeof(crc));
  if (Crc32c(bytes) != crc) return absl::DataLossError("checkpoint: the checksum does not match");
  Reader reader(bytes);
  Checkpoint checkpoint;
  reader.Get(&checkpoint.config);
  reader.Get(&checkpoint.model);
  reader.Get(&checkpoint.data);
  reader.Get(&checkpoint.update);
  reader.Get(&checkpoint.finished);
  reader.Get(&checkpoint.parameters);
  reader.Get(&checkpoint.slots);
  reader.Get(&checkpoint.ema);
  reader.Get(&checkpoint.states);
  reader.Get(&checkpoint.best_update);
  reader.Get(&checkpoint.best);
  uint64_t measures = 0;
  reader.Get(&measures);
  for (uint64_t i = 0; i < measures && reader.ok(); ++i) {
    std::string name;
    double value = 0;
    reader.Get(&name);
    reader.Get(&value);
    checkpoint.best_measures[name] = value;
  }
  reader.Get(&checkpoint.patience);
  reader.Get(&checkpoint.plateau.patience);
  reader.Get(&checkpoint.plateau.factor);
  reader.Get(&checkpoint.plateau.cooldown);
  if (!reader.ok() || !reader.AtEnd()) {
    return absl::DataLossError("checkpoint: fields are cut short or followed by more");
  }
  return checkpoint;
}

Status WriteCheckpoint(const std::string& run_dir, const Checkpoint& checkpoint, size_t keep_last) {
  std::error_code error;
  fs::create_directories(Folder(run_dir), error);
  if (error) {
    return absl::UnavailableError(
        StrCat("cannot create ", Folder(run_dir).string(), ": ", error.message()));
  }
  SEQ_RETURN_IF_ERROR(
      WriteFileAtomically(PathOf(run_dir, checkpoint.update), SerializeCheckpoint(checkpoint)));
  size_t kept = 0;
  for (const uint64_t update : List(run_dir)) {
    if (update <= checkpoint.update && kept++ < keep_last) continue;
    fs::remove(PathOf(run_dir, update), error);
  }
  RemoveHalfWritten(run_dir);
  return absl::OkStatus();
}

Status RemoveCheckpoints(const std::string& run_dir) {
  for (const uint64_t update : List(run_dir)) {
    std::error_code error;
    fs::remove(PathOf(run_dir, update), error);
    if (error) {
      return absl::UnavailableError(
          StrCat("cannot remove ", PathOf(run_dir, update), ": ", error.message()));
    }
  }
  RemoveHalfWritten(run_dir);
  return absl::OkStatus();
}

StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& run_dir) {
  Status problem = absl::NotFoundError(StrCat("no checkpoint in ", Folder(run_dir).string()));
  for (const uint64_t update : List(run_dir)) {
    const std::string path = PathOf(run_dir, update);
    const auto bytes = ReadFile(path);
    auto checkpoint = bytes.ok() ? ParseCheckpoint(*bytes) : StatusOr<Checkpoint>(bytes.status());
    if (checkpoint.ok()) return checkpoint;
    problem = absl::DataLossError(StrCat(path, ": ", checkpoint.status().message()));
  }
  return problem;
}

}  // namespace sequent::train
