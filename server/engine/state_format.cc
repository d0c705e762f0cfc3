#include "server/engine/state_format.h"

#include <cstring>

#include "core/base/error.h"

namespace sequent::engine {
namespace {

constexpr std::string_view kHeader("SQ\x01\x00\x00\x00\x00\x00", 8);

}  // namespace

std::string PackState(const Model& model, const std::byte* row) {
  std::string bytes(kHeader);
  bytes.append(reinterpret_cast<const char*>(row), model.state_size());
  return bytes;
}

Status UnpackState(const Model& model, std::string_view bytes, std::byte* row) {
  if (bytes.size() != kHeader.size() + model.state_size()) {
    return MakeError(Reason::kStateMismatch,
                     StrCat("state.state: expected ", kHeader.size() + model.state_size(),
                            " bytes, got ", bytes.size()));
  }
  if (bytes.substr(0, kHeader.size()) != kHeader) {
    return MakeError(
        Reason::kStateMismatch,
        StrCat("state.state: expected a state of format 1 in fp32, got one that begins '",
               Quoted(bytes.substr(0, kHeader.size())), "'"));
  }
  std::memcpy(row, bytes.data() + kHeader.size(), model.state_size());
  const Status valid = model.ValidateState(row);
  if (valid.ok()) return valid;
  return MakeError(Reason::kStateMismatch, Message(valid));
}

}  // namespace sequent::engine
