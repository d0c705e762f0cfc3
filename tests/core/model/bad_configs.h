// Configurations that are wrong in one place each, and what the refusal must say.
#ifndef SEQUENT_TESTS_CORE_MODEL_BAD_CONFIGS_H_
#define SEQUENT_TESTS_CORE_MODEL_BAD_CONFIGS_H_

#include <ostream>
#include <string>
#include <vector>

#include "sequent/v1/model.pb.h"

namespace sequent {

struct BadConfig {
  std::string name;  // a test's name: letters, digits, _
  v1::ModelConfig config;
  std::string message;   // what the error contains: path, expectation, what came
  bool learned = false;  // wrong in what fit learns, which ResolveGraph leaves to the codecs
};

inline void PrintTo(const BadConfig& bad, std::ostream* out) { *out << bad.name; }

// A good text and a good series model, which every bad one is a variation of.
v1::ModelConfig GoodTextConfig();
v1::ModelConfig GoodSeriesConfig();

std::vector<BadConfig> BadConfigs();

}  // namespace sequent

#endif  // SEQUENT_TESTS_CORE_MODEL_BAD_CONFIGS_H_
