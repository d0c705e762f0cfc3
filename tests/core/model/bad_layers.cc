#include "tests/core/model/bad_list.h"
#include "tests/support/models.h"

namespace sequent::bad {
namespace {

void AddKinds(List* list) {
  list->Text("LayerWithoutName", "layers[1].name: expected 1 to 64 characters of A-Z a-z 0-9 _ -",
             [](auto* c) { LayerAt(c, 1)->clear_name(); });
  list->Text("LayerNameWithDot", "layers[1].name: expected 1 to 64 characters",
             [](auto* c) { LayerAt(c, 1)->set_name("lstm.1"); });
  list->Text("LayerNameTooLong", "layers[1].name: expected 1 to 64 characters",
             [](auto* c) { LayerAt(c, 1)->set_name(std::string(65, 'l')); });
  list->Text("LayerNameTwice", "layers[1].name: expected a name not used before, got 'embedding'",
             [](auto* c) { LayerAt(c, 1)->set_name("embedding"); });
  list->Text("LayerNamedInput", "layers[1].name: expected a name not used before, got 'input'",
             [](auto* c) { LayerAt(c, 1)->set_name("input"); });
  list->Text("LayerNamedAsset", "layers[1].name: expected a name other than the reserved 'asset'",
             [](auto* c) { LayerAt(c, 1)->set_name("asset"); });
  list->Text("LayerOfNoKind", "layers[1]: expected one of embedding, dense, rnn, lstm, gru,",
             [](auto* c) { LayerAt(c, 1)->clear_kind(); });
  list->Text("UnknownLayerInput",
             "layers[1].inputs[0]: expected the name of a layer or input, got 'embeding'",
             [](auto* c) { LayerAt(c, 1)->add_inputs("embeding"); });
  list->Text("LayerReadsAHead", "layers[1].inputs[0]: expected the name of a layer or input",
             [](auto* c) { LayerAt(c, 1)->add_inputs("next"); });
  list->Text("LayerReadsItself",
             "layers[1].inputs: expected layers without a cycle, got 'lstm', which depends on",
             [](auto* c) { LayerAt(c, 1)->add_inputs("lstm"); });
  list->Text("Cycle", "expected layers without a cycle, got 'lstm', which depends on itself",
             [](auto* c) {
               AddDense(c, "loop", 3, {"lstm"});
               LayerAt(c, 1)->add_inputs("loop");
             });
  list->Text("TooManyLayers", "layers: expected at most 256, got 257", [](auto* c) {
    for (int i = c->layers_size(); i < 257; ++i) AddActivation(c, StrCat("a", i), "tanh");
  });
  list->Text("LayerThatNoHeadUses",
             "layers[2]: expected a layer that some head depends on, got 'spare', which none does",
             [](auto* c) {
               c->mutable_heads(0)->set_input("lstm");
               AddDense(c, "spare", 3);
             });
  list->Text("EmbeddingOfNumbers",
             "layers[2].inputs: expected a token input, got 'lstm', which is none",
             [](auto* c) { AddEmbedding(c, "second", 3); });
  list->Text("LstmOfTokens",
             "layers[1].inputs: expected numbers (put an embedding in between), got 'input'",
             [](auto* c) { LayerAt(c, 1)->add_inputs("input"); });
  list->Text("LstmOfTwoInputs", "layers[1].inputs: expected exactly 1, got 2", [](auto* c) {
    LayerAt(c, 1)->add_inputs("embedding");
    LayerAt(c, 1)->add_inputs("embedding");
  });
  list->Text("ConcatOfOne", "layers[2].inputs: expected at least 2, got 1",
             [](auto* c) { AddConcat(c, "joined", {"lstm"}); });
  list->Text("AddOfOne", "layers[2].inputs: expected at least 2, got 1",
             [](auto* c) { AddSum(c, "sum", {"lstm"}); });
  list->Text("AddOfUnequalWidths",
             "layers[2].inputs: expected equal widths to add ('embedding' has 2), got 'lstm' of "
             "width 3",
             [](auto* c) { AddSum(c, "sum", {"embedding", "lstm"}); });
  list->Text("TooManyInputs", "layers[2].inputs: expected at most 256, got 257",
             [](auto* c) { AddConcat(c, "joined", std::vector<std::string>(257, "lstm")); });
}

void AddLayerFields(List* list) {
  const auto with = [list](const std::string& name, const std::string& message,
                           const std::function<void(v1::Layer*)>& edit) {
    list->Text(name, message, [edit](auto* c) { edit(LayerAt(c, 1)); });
  };
  list->Text("EmbeddingWidthZero", "layers[0].embedding.width: expected 1..65536, got 0",
             [](auto* c) { LayerAt(c, 0)->mutable_embedding()->set_width(0); });
  with("LstmUnitsZero", "layers[1].lstm.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_lstm()->set_units(0); });
  with("LstmUnitsTooMany", "layers[1].lstm.units: expected 1..65536, got 65537",
       [](auto* l) { l->mutable_lstm()->set_units(65537); });
  with("DenseUnitsZero", "layers[1].dense.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_dense(); });
  with("RnnUnitsZero", "layers[1].rnn.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_rnn(); });
  with("GruUnitsZero", "layers[1].gru.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_gru(); });
  with("RnnActivation", "layers[1].rnn.activation: expected tanh | relu | leaky_relu, got 'tahn'",
       [](auto* l) { l->mutable_rnn()->set_activation("tahn"); });
  with("GruReset", "layers[1].gru.reset: expected after | before, got 'never'",
       [](auto* l) { l->mutable_gru()->set_reset("never"); });
  with("GruUpdateGate",
       "layers[1].gru.update_gate: expected keep_old | take_new, got 'keepold'; did you mean "
       "'keep_old'?",
       [](auto* l) { l->mutable_gru()->set_update_gate("keepold"); });
  with("IndRnnUnitsZero", "layers[1].indrnn.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_indrnn(); });
  with("QrnnUnitsZero", "layers[1].qrnn.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_qrnn(); });
  with("QrnnWindow", "layers[1].qrnn.window: expected 1..64, got 65", [](auto* l) {
    l->mutable_qrnn()->set_units(3);
    l->mutable_qrnn()->set_window(65);
  });
  list->Text("QrnnWindowOfTooManyInputs",
             "layers[1].qrnn.window: its inputs' joint width: expected 1..65536, got 65568",
             [](auto* c) {
               LayerAt(c, 0)->mutable_embedding()->set_width(2049);
               LayerAt(c, 1)->mutable_qrnn()->set_units(3);
               LayerAt(c, 1)->mutable_qrnn()->set_window(32);
             });
  with("LstmProjectionTooWide",
       "layers[1].lstm.projection: expected 0 or fewer than units, 3, got 3",
       [](auto* l) { l->mutable_lstm()->set_projection(3); });
  with("RnnWeightDropOne", "layers[1].rnn.weight_drop: expected at least 0 and under 1, got 1",
       [](auto* l) { l->mutable_rnn()->set_weight_drop(1); });
  with("LstmWeightDropNegative",
       "layers[1].lstm.weight_drop: expected at least 0 and under 1, got -0.5",
       [](auto* l) { l->mutable_lstm()->set_weight_drop(-0.5f); });
  with("GruWeightDropNan", "layers[1].gru.weight_drop: expected at least 0 and under 1, got nan",
       [](auto* l) { l->mutable_gru()->set_weight_drop(static_cast<float>(kNan)); });
  with("NoActivation", "layers[1].activation.function: expected tanh | sigmoid | relu | leaky_relu",
       [](auto* l) { l->mutable_activation(); });
  with("UnknownActivation", "layers[1].activation.function: expected tanh | sigmoid",
       [](auto* l) { l->mutable_activation()->set_function("gelu"); });
  with("DropoutOne", "layers[1].dropout.rate: expected at least 0 and under 1, got 1",
       [](auto* l) { l->mutable_dropout()->set_rate(1); });
  with("DropoutNegative", "layers[1].dropout.rate: expected at least 0 and under 1, got -0.5",
       [](auto* l) { l->mutable_dropout()->set_rate(-0.5f); });
  with("DropoutNan", "layers[1].dropout.rate: expected at least 0 and under 1, got nan",
       [](auto* l) { l->mutable_dropout()->set_rate(static_cast<float>(kNan)); });
  list->Text("ConcatTooWide", "layers[2].inputs: their joint width: expected 1..65536, got 65538",
             [](auto* c) {
               LayerAt(c, 1)->mutable_lstm()->set_units(32769);
               AddConcat(c, "joined", {"lstm", "lstm"});
             });
  list->Text("TooManyParameters", "expected a model of at most 17179869184 parameters",
             [](auto* c) {
               LayerAt(c, 0)->mutable_embedding()->set_width(65536);
               LayerAt(c, 1)->mutable_lstm()->set_units(65536);
             });
}

// What sees a sequence as a whole: where it is refused, and what it cannot be joined to.
void AddWholeSequences(List* list) {
  list->Text("BackwardLanguageModel",
             "layers[1].lstm.direction: expected forward in task language_model (it would see the "
             "future), got backward",
             [](auto* c) { LayerAt(c, 1)->mutable_lstm()->set_direction("backward"); });
  list->Series("BidirectionalForecast",
               "layers[0].gru.direction: expected forward in task forecast (it would see the "
               "future), got bidirectional",
               [](auto* c) { LayerAt(c, 0)->mutable_gru()->set_direction("bidirectional"); });
  list->Text("UnknownDirection", "got 'backwards'; did you mean 'backward'?", [](auto* c) {
    c->set_task("tag");
    LayerAt(c, 1)->mutable_lstm()->set_direction("backwards");
  });
  list->Text("SamePaddedLanguageModel",
             "layers[2].conv1d.padding: expected causal in task language_model",
             [](auto* c) { AddConv1d(c, "conv", 3, 3, "same"); });
  list->Text("ConvOfNoWidth", "layers[2].conv1d.kernel: expected 1..64, got 0",
             [](auto* c) { AddConv1d(c, "conv", 3, 0, "causal"); });
  list->Text("ConvOfNoFilters", "layers[2].conv1d.filters: expected 1..65536, got 0",
             [](auto* c) { AddConv1d(c, "conv", 0, 3, "causal"); });
  list->Text("UnknownPadding", "got 'casual'; did you mean 'causal'?",
             [](auto* c) { AddConv1d(c, "conv", 3, 3, "casual"); });
  list->Text("PooledLanguageModel", "layers[2].pool.kind: expected last in task language_model",
             [](auto* c) { AddPool(c, "pool", "max"); });
  list->Text("PoolOfNoKind", "layers[2].pool.kind: expected last | final_states | mean",
             [](auto* c) { AddPool(c, "pool", ""); });
  list->Text("UnknownPool", "got 'meen'; did you mean 'mean'?",
             [](auto* c) { AddPool(c, "pool", "meen"); });
  list->Text("PoolOfNoPositions", "layers[2].pool.positions: expected 1..64, got 0",
             [](auto* c) { AddPool(c, "pool", "positions"); });
  list->Text("PositionsOfAMean", "layers[2].pool.positions: expected none for mean, got 1",
             [](auto* c) { AddPool(c, "pool", "mean")->add_positions(1); });
  list->Text("FinalStatesOfNoRecurrentLayer",
             "layers[3].inputs: expected a recurrent layer for final_states, got 'dense'",
             [](auto* c) {
               AddDense(c, "dense", 3);
               AddPool(c, "pool", "final_states");
             });
  list->Text("LastOfABackwardLayer",
             "layers[2].pool.kind: expected final_states behind a layer that reads backward",
             [](auto* c) {
               c->set_task("tag");
               LayerAt(c, 1)->mutable_lstm()->set_direction("bidirectional");
               AddPool(c, "pool", "last");
             });
  list->Text("LastOfANormalisedBackwardLayer",
             "layers[3].pool.kind: expected final_states behind a layer that reads backward",
             [](auto* c) {
               c->set_task("tag");
               LayerAt(c, 1)->mutable_lstm()->set_direction("backward");
               AddLayer(c, "norm")->mutable_layer_norm();
               AddPool(c, "pool", "last");
             });
  list->Text("PoolOfAPool",
             "layers[3].inputs: expected a layer with an output per step, got 'first', which has "
             "one per sequence",
             [](auto* c) {
               c->set_task("classify");
               AddPool(c, "first", "mean");
               AddPool(c, "second", "mean");
             });
  list->Text("PoolJoinedToSteps",
             "layers[3].inputs: expected layers with equally many steps ('lstm' has the steps of "
             "the input), got 'pool', which has one step per sequence",
             [](auto* c) {
               c->set_task("classify");
               AddPool(c, "pool", "mean");
               AddConcat(c, "joined", {"lstm", "pool"});
             });
  list->Text("BackwardLayerJoinedToFewerSteps",
             "layers[3].inputs: expected layers with equally many steps ('lstm' has the steps of "
             "the input), got 'pool', which has one step per sequence",
             [](auto* c) {
               c->set_task("classify");
               LayerAt(c, 1)->mutable_lstm()->set_direction("backward");
               AddPool(c, "pool", "mean");
               AddConcat(c, "joined", {"lstm", "pool"});
             });
  list->Text("HeadOfFewerSteps",
             "heads[0].input: expected a layer with as many steps as the input (put a pool in "
             "between), got 'conv', which has 2 fewer",
             [](auto* c) {
               c->set_task("tag");
               AddConv1d(c, "conv", 3, 3, "valid");
             });
  list->Text("RolloutOfWholeSequences",
             "feedback: expected none in a model that takes whole sequences", [](auto* c) {
               c->set_task("tag");
               LayerAt(c, 1)->mutable_lstm()->set_direction("backward");
             });
}

void AddAttentions(List* list) {
  list->Text("AttentionOfNoWindow", "layers[2].attention.window: expected 1..1024, got 0",
             [](auto* c) { AddLayer(c, "attention")->mutable_attention(); });
  list->Text("AttentionOfUnevenHeads",
             "layers[2].attention.heads: expected a divisor of the width, 3, got 2", [](auto* c) {
               v1::Attention* attention = AddLayer(c, "attention")->mutable_attention();
               attention->set_window(4);
               attention->set_heads(2);
             });
}

}  // namespace

void AddLayers(List* list) {
  AddKinds(list);
  AddLayerFields(list);
  AddWholeSequences(list);
  AddAttentions(list);
}

}  // namespace sequent::bad
