// Small models with random weights, and a few words to describe others: what tests run on.
//
// Deterministic: the same arguments give the same bits. A configuration that does not resolve ends
// the program, since the test is wrong then.
#ifndef SEQUENT_TESTS_SUPPORT_MODELS_H_
#define SEQUENT_TESTS_SUPPORT_MODELS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/graph.h"
#include "core/model/model_file.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

// Configurations to add layers and heads to. Heads are not yet in them, so they do not resolve yet.
// language_model over <unk> and the characters of `characters` (UTF-8, each once).
v1::ModelConfig TextConfig(std::string_view characters);
// language_model over these words and the four special tokens; a line's end is one.
v1::ModelConfig WordConfig(const std::vector<std::string>& words);
// language_model over token ids 0 .. size-1, without text.
v1::ModelConfig IdsConfig(uint32_t size);
// forecast over columns that pass as they are.
v1::ModelConfig SeriesConfig(const std::vector<std::string>& columns);

// Each adds one layer; no `inputs` = the layer before.
v1::Layer* AddLayer(v1::ModelConfig* config, const std::string& name,
                    const std::vector<std::string>& inputs = {});
void AddEmbedding(v1::ModelConfig* config, const std::string& name, uint32_t width);
v1::Dense* AddDense(v1::ModelConfig* config, const std::string& name, uint32_t units,
                    const std::vector<std::string>& inputs = {});
v1::Rnn* AddRnn(v1::ModelConfig* config, const std::string& name, uint32_t units,
                const std::string& activation = "tanh");
v1::Lstm* AddLstm(v1::ModelConfig* config, const std::string& name, uint32_t units);
v1::Gru* AddGru(v1::ModelConfig* config, const std::string& name, uint32_t units);
void AddIndRnn(v1::ModelConfig* config, const std::string& name, uint32_t units);
void AddQrnn(v1::ModelConfig* config, const std::string& name, uint32_t units, uint32_t window);
void AddActivation(v1::ModelConfig* config, const std::string& name, const std::string& function);
void AddDropout(v1::ModelConfig* config, const std::string& name, float rate);
v1::Conv1d* AddConv1d(v1::ModelConfig* config, const std::string& name, uint32_t filters,
                      uint32_t kernel, const std::string& padding);
v1::Pool* AddPool(v1::ModelConfig* config, const std::string& name, const std::string& kind);
void AddConcat(v1::ModelConfig* config, const std::string& name,
               const std::vector<std::string>& inputs);
void AddSum(v1::ModelConfig* config, const std::string& name,
            const std::vector<std::string>& inputs);

// Each adds one head; empty `input` = the last layer.
v1::Head* AddSoftmax(v1::ModelConfig* config, const std::string& name,
                     const std::string& input = "");
v1::Head* AddRegression(v1::ModelConfig* config, const std::string& name,
                        const std::string& distribution = "point",
                        const std::vector<std::string>& columns = {});

// Weights normal / sqrt(inputs), biases normal / 10; stored and read again, so that the fingerprint
// is set.
ModelContents RandomModel(const v1::ModelConfig& config, uint64_t seed);

// Characters of lower-case English and 'é'; embedding 8, lstm 16, softmax "next", fed back.
ModelContents TinyTextModel();
// Words "in", "the", "beginning", "god", "don't", "." and ","; embedding 8, gru 16, softmax "next",
// fed back.
ModelContents TinyWordModel();
// Columns "temperature" and "wind" (impute last, difference 1, standard scale); gru 16, regression
// "next" (point or gaussian), fed back.
ModelContents TinySeriesModel(HeadKind kind);

// Every layer kind, option and head that streams at least once, by name. Sizes are odd, so that
// vector tails run.
std::vector<std::pair<std::string, ModelContents>> OneModelPerLayerKind();
// Those that take whole sequences.
std::vector<std::pair<std::string, ModelContents>> WholeSequenceModels();
// Both.
std::vector<std::pair<std::string, ModelContents>> AllModels();

}  // namespace sequent

#endif  // SEQUENT_TESTS_SUPPORT_MODELS_H_
