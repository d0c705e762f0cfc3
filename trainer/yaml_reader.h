// YAML into protobuf messages: keys are field names, so the message is the schema.
//
// A scalar or map where a field is repeated means one element. A key that is no field is refused
// with the nearest one that is. Durations are written "90s", "5m", "1.5h". Every error is
// INVALID_ARGUMENT and reads "<path>: expected <what>, got <what came> (<source>:<line>)".
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_YAML_READER_H_
#define SEQUENT_TRAINER_YAML_READER_H_

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "core/base/status.h"

namespace sequent {

// Reads a whole document into `message`, over what is there. `source` names it in errors.
Status ReadYaml(std::string_view text, std::string_view source, google::protobuf::Message* message);

// Sets one field, replacing what was there: `path` as "train.optimizer.adam.lr" or
// "model.layers.1.lstm.units" (elements of lists by index), `value` as YAML.
Status SetByPath(std::string_view path, std::string_view value, std::string_view source,
                 google::protobuf::Message* message);

// Whether `path` names a whole number (or several) in what `message` holds. INVALID_ARGUMENT: as
// SetByPath, if there is no such field.
StatusOr<bool> IsWholeNumber(std::string_view path, std::string_view source,
                             const google::protobuf::Message& message);

// The message as YAML that ReadYaml reads back: fields that are set, in the order of the schema.
std::string WriteYaml(const google::protobuf::Message& message);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_YAML_READER_H_
