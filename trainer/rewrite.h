// For commands that make a model file from another one.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_REWRITE_H_
#define SEQUENT_TRAINER_REWRITE_H_

#include <map>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/model_file.h"

namespace sequent {

// INVALID_ARGUMENT: neither a file nor a repository to write to.
Status CheckOutput(const std::string& out, const std::string& publish);

// DATA_LOSS: no model, naming the file. INVALID_ARGUMENT: its weights are rounded.
StatusOr<ModelContents> ReadExactModel(const std::string& path);

// The record of its training, with a note under `key` of what was done to the weights since.
std::string WithNote(const ModelContents& contents, const std::string& key,
                     const std::map<std::string, std::string>& note);

// Writes to the file `out`, or as the next version of `publish`, or both: whichever is not empty.
// Returns the files.
StatusOr<std::vector<std::string>> WriteRewritten(const ModelContents& contents,
                                                  const std::string& out,
                                                  const std::string& publish);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_REWRITE_H_
