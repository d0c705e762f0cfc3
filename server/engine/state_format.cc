#include "server/engine/state_format.h"

#include <cstring>
#include <optional>

#include "core/base/error.h"

namespace sequent::engine {
namespace {

constexpr size_t kHeaderBytes = 8;
constexpr size_t kPrecisionAt = 3;

std::string HeaderOf(Precision precision) {
  std::string header("SQ\x01\x00\x00\x00\x00\x00", kHeaderBytes);
  header[kPrecisionAt] = static_cast<char>(precision);
  return header;
}

// The precision that the header of a good state names.
std::optional<Precision> PrecisionOf(std::string_view header) {
  for (const Precision p : {Precision::kFp32, Precision::kBf16, Precision::kInt8}) {
    if (header == HeaderOf(p)) return p;
  }
  return std::nullopt;
}

}  // namespace

std::string PackState(const Model& model, const std::byte* row) {
  std::string bytes = HeaderOf(model.precision());
  bytes.append(reinterpret_cast<const char*>(row), model.state_size());
  return bytes;
}

Status UnpackState(const Model& model, std::string_view bytes, std::byte* row) {
  if (bytes.size() != kHeaderBytes + model.state_size()) {
    return MakeError(Reason::kStateMismatch,
                     StrCat("state.state: expected ", kHeaderBytes + model.state_size(),
                            " bytes, got ", bytes.size()));
  }
  const std::string_view header = bytes.substr(0, kHeaderBytes);
  const std::optional<Precision> precision = PrecisionOf(header);
  if (!precision) {
    return MakeError(Reason::kStateMismatch,
                     StrCat("state.state: expected a state of format 1, got one that begins '",
                            Quoted(header), "'"));
  }
  if (*precision != model.precision()) {
    return MakeError(
        Reason::kStateMismatch,
        StrCat("state.state: expected a state made in ", PrecisionName(model.precision()),
               ", the model's precision here, got one made in ", PrecisionName(*precision)));
  }
  std::memcpy(row, bytes.data() + kHeaderBytes, model.state_size());
  const Status valid = model.ValidateState(row);
  if (valid.ok()) return valid;
  return MakeError(Reason::kStateMismatch, Message(valid));
}

}  // namespace sequent::engine
