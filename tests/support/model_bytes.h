// A model file taken apart, so that tests can spoil one thing and put it together again with
// everything else right, checksums included.
#ifndef SEQUENT_TESTS_SUPPORT_MODEL_BYTES_H_
#define SEQUENT_TESTS_SUPPORT_MODEL_BYTES_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/model_file.h"
#include "core/model/safetensors.h"

namespace sequent {

struct ModelBytes {
  std::map<std::string, std::string> metadata;
  std::vector<StoredTensor> tensors;
  std::string data;

  static ModelBytes Of(const ModelContents& contents);

  StoredTensor* tensor(const std::string& name);
  // Sets sequent.crc32c and sequent.header_crc32c to what they must be.
  ModelBytes& Seal();
  // Seals unless told not to.
  std::string Build(bool seal = true);
};

// The JSON header of a file, and a file of any header and data.
std::string HeaderText(std::string_view file);
std::string FileOf(std::string_view header, std::string_view data);

}  // namespace sequent

#endif  // SEQUENT_TESTS_SUPPORT_MODEL_BYTES_H_
