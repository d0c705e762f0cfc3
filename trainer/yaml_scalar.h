// One YAML scalar as one protobuf field.
#ifndef SEQUENT_TRAINER_YAML_SCALAR_H_
#define SEQUENT_TRAINER_YAML_SCALAR_H_

#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>

#include "core/base/status.h"

namespace sequent {

// Sets `field` of `message` (adds, if it is repeated) from the text. On a value that does not fit,
// INVALID_ARGUMENT whose message is what was expected: "a whole number of at least 0".
Status SetScalar(std::string_view text, const google::protobuf::FieldDescriptor& field,
                 google::protobuf::Message* message);

// "90s", "5m", "1.5h", "250ms", or a bare 0.
StatusOr<google::protobuf::Duration> ParseDuration(std::string_view text);
// "90s"
std::string FormatDuration(const google::protobuf::Duration& duration);

// The value of a singular field (or element `index` of a repeated one) as YAML.
std::string ScalarText(const google::protobuf::Message& message,
                       const google::protobuf::FieldDescriptor& field, int index);

// The shortest text that reads back as the same double.
std::string ShortestText(double value);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_YAML_SCALAR_H_
