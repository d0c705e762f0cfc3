// Changes to a ModelConfig that keep it a ModelConfig: what mutations of its JSON hardly ever do.
#ifndef SEQUENT_TESTS_FUZZ_CONFIG_MUTATOR_H_
#define SEQUENT_TESTS_FUZZ_CONFIG_MUTATOR_H_

#include "sequent/v1/model.pb.h"
#include "tests/fuzz/dice.h"
#include "tests/support/model_bytes.h"

namespace sequent {

// Sets, clears, adds, removes or swaps one field somewhere in the configuration.
void MutateConfig(v1::ModelConfig* config, Dice* dice);

// If the configuration resolves, gives `parts` the tensors it asks for, unless they are large.
void FitTensors(const v1::ModelConfig& config, ModelBytes* parts);

}  // namespace sequent

#endif  // SEQUENT_TESTS_FUZZ_CONFIG_MUTATOR_H_
