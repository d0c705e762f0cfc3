// What one request carries: rows of measurements, token ids, or text.
#ifndef SEQUENT_CLIENT_INPUT_H_
#define SEQUENT_CLIENT_INPUT_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "sequent/v1/predictor.pb.h"

namespace sequent::client {

// Copies what it is given. Number of units: rows, ids, or bytes of text.
class Input {
 public:
  // `values` is row-major [values.size() / width, width]. `unix_ms`: the time of each row,
  // milliseconds since 1970, for models that use it.
  static Input Rows(std::span<const float> values, uint32_t width,
                    std::span<const int64_t> unix_ms = {});
  static Input Row(std::span<const float> values, std::span<const int64_t> unix_ms = {}) {
    return Rows(values, static_cast<uint32_t>(values.size()), unix_ms);
  }
  static Input Tokens(std::span<const int32_t> ids);
  // UTF-8, may be cut anywhere.
  static Input Text(std::string_view bytes);

  uint64_t units() const { return units_; }
  // Moves the input into a request.
  void MoveTo(v1::PredictRequest* request) &&;
  void MoveTo(v1::RolloutRequest* request) &&;

 private:
  v1::PredictRequest holder_;  // only its `input`
  uint64_t units_ = 0;
};

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_INPUT_H_
