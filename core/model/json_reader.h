// nlohmann's event reader with our errors: for .cc files of this folder only.
#ifndef SEQUENT_CORE_MODEL_JSON_READER_H_
#define SEQUENT_CORE_MODEL_JSON_READER_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/status.h"
#include "core/model/config_check.h"

namespace sequent {

// Base of event handlers. An event returns false to stop, after Fail has said why.
class JsonHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  const Status& status() const { return status_; }

  bool binary(binary_t&) override { return Fail("value", "JSON", "binary"); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) override {
    return Fail(StrCat("byte ", position), "JSON", Quoted(error.what(), 200));
  }

 protected:
  // Keeps the first error. Always false.
  bool Fail(std::string_view where, std::string_view expected, std::string_view got) {
    if (status_.ok()) status_ = Expected(where, expected, got);
    return false;
  }

 private:
  Status status_;
};

// Feeds `text`, one whole JSON value, to the handler. The parser keeps its own stack, so nesting
// does not consume ours.
inline Status ReadJson(std::string_view text, JsonHandler* handler) {
  // The parser takes a zero byte for the end of its input and would never see what follows.
  if (const size_t zero = text.find('\0'); zero != text.npos) {
    return Expected(StrCat("byte ", zero + 1), "JSON", "a zero byte");
  }
  try {
    if (nlohmann::json::sax_parse(text.begin(), text.end(), handler)) return absl::OkStatus();
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(Quoted(error.what(), 200));
  }
  if (handler->status().ok()) return absl::InvalidArgumentError("not JSON");
  return handler->status();
}

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_JSON_READER_H_
