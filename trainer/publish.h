// Putting a model where a server finds it: <root>/<model>/<version>/model.safetensors.
#ifndef SEQUENT_TRAINER_PUBLISH_H_
#define SEQUENT_TRAINER_PUBLISH_H_

#include <string>

#include "core/base/status.h"
#include "core/model/model_file.h"

namespace sequent {

// Writes the next version under `directory` (made if it is not there) and returns the file's path.
// The version's folder appears with its file in it. UNAVAILABLE: it can not be written.
StatusOr<std::string> Publish(const std::string& directory, const ModelContents& contents);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_PUBLISH_H_
