// Model files that are wrong in one place each, and what the refusal must say.
#ifndef SEQUENT_TESTS_CORE_MODEL_BAD_FILES_H_
#define SEQUENT_TESTS_CORE_MODEL_BAD_FILES_H_

#include <ostream>
#include <string>
#include <vector>

namespace sequent {

struct BadFile {
  std::string name;  // a test's name: letters, digits, _
  std::string bytes;
  std::string message = "";  // what the error contains
  std::string place = "";    // what it begins with
};

inline void PrintTo(const BadFile& file, std::ostream* out) { *out << file.name; }

// The good file that all but the bad configurations are variations of. Under 2 KB.
std::string GoodFile();

// Grouped by what is wrong: length and container, JSON header, metadata, tensors, data,
// configuration.
std::vector<BadFile> BadLengths();
std::vector<BadFile> BadHeaders();
std::vector<BadFile> BadMetadata();
std::vector<BadFile> BadTensors();
std::vector<BadFile> BadRoundedFiles();
std::vector<BadFile> BadAssetFiles();
std::vector<BadFile> BadConfigFiles();
std::vector<BadFile> Truncations();
std::vector<BadFile> BitFlips();

// All of these.
std::vector<BadFile> BadFiles();

}  // namespace sequent

#endif  // SEQUENT_TESTS_CORE_MODEL_BAD_FILES_H_
