#include "trainer/label_data.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <unordered_map>

#include "core/base/error.h"
#include "core/codec/text_codec.h"
#include "core/model/config_check.h"
#include "core/model/graph.h"

namespace sequent {
namespace {

using train::LabelledSequence;

constexpr std::string_view kNoLabels = "0";

std::vector<std::string_view> SplitLabels(std::string_view cell) {
  std::vector<std::string_view> labels;
  if (cell.empty() || cell == kNoLabels) return labels;
  for (size_t begin = 0; begin <= cell.size();) {
    const size_t end = std::min(cell.find('|', begin), cell.size());
    labels.push_back(cell.substr(begin, end - begin));
    begin = end + 1;
  }
  return labels;
}

// Calls `take` with each label that a cell of head `h` of the part names.
template <typename Take>
void ForEachLabel(const Dataset& dataset, const train::Part& part, size_t h, bool several,
                  const Take& take) {
  for (size_t i = part.begin; i < part.end; ++i) {
    for (const std::string& cell : dataset.sequences[i].labels[h]) {
      if (!dataset.ignore_label.empty() && cell == dataset.ignore_label) continue;
      if (!several) take(dataset.sequences[i], std::string_view(cell));
      if (!several) continue;
      for (const std::string_view label : SplitLabels(cell)) take(dataset.sequences[i], label);
    }
  }
}

StatusOr<std::set<std::string>> LabelsOf(const Dataset& dataset, const train::Part& training,
                                         size_t h, const v1::Head& head) {
  std::set<std::string> labels;
  Status status;
  ForEachLabel(dataset, training, h, head.has_bernoulli(),
               [&](const LabelledSequence& sequence, std::string_view label) {
                 const Status good = CheckLabel(sequence.place, label);
                 if (!good.ok() && status.ok()) status = absl::DataLossError(good.message());
                 labels.emplace(label);
               });
  SEQ_RETURN_IF_ERROR(status);
  const size_t least = head.has_softmax() ? 2 : 1;
  if (labels.size() >= least) return labels;
  return absl::DataLossError(StrCat("head '", head.name(), "': expected at least ", least,
                                    " different labels in the training part, got ", labels.size()));
}

class SampleBuilder {
 public:
  SampleBuilder(const Graph& graph, const Dataset& dataset, const TextCodec& codec)
      : graph_(graph), dataset_(dataset), codec_(codec) {
    for (const HeadNode& head : graph.heads) {
      auto& index = index_.emplace_back();
      for (size_t k = 0; k < head.labels.size(); ++k) index.emplace(head.labels[k], k);
    }
  }

  StatusOr<train::Samples> Build(const train::Part& part) {
    samples_.begin.push_back(0);
    samples_.classes.resize(graph_.heads.size());
    samples_.targets.resize(graph_.heads.size());
    for (size_t i = part.begin; i < part.end; ++i) {
      SEQ_RETURN_IF_ERROR(CheckColumns(dataset_.sequences[i]));
      SEQ_RETURN_IF_ERROR(AddTokens(dataset_.sequences[i]));
      for (size_t h = 0; h < graph_.heads.size(); ++h) {
        SEQ_RETURN_IF_ERROR(AddLabels(dataset_.sequences[i], h));
      }
    }
    return std::move(samples_);
  }

 private:
  // A model file says how many heads there are, the data how many columns of labels.
  Status CheckColumns(const LabelledSequence& sequence) const {
    if (sequence.labels.empty() || sequence.labels.size() == graph_.heads.size()) {
      return absl::OkStatus();
    }
    return absl::DataLossError(StrCat(sequence.place, ": expected a column of labels for each of ",
                                      graph_.heads.size(), " heads, got ", sequence.labels.size()));
  }

  Status AddTokens(const LabelledSequence& sequence) {
    std::vector<std::byte> state(codec_.state_size());
    const size_t begin = samples_.tokens.size();
    for (const std::string& item : sequence.items) {
      const size_t before = samples_.tokens.size();
      codec_.InitState(state.data());
      codec_.Encode(state.data(), item, /*flush=*/true, &samples_.tokens);
      const size_t made = samples_.tokens.size() - before;
      if (!dataset_.tagged || made == 1) continue;
      return absl::DataLossError(
          StrCat(sequence.place, ": expected one token of the codec a line, ", "got ", made,
                 " of '", Quoted(item), "' (the codec 'list' takes any token)"));
    }
    if (samples_.tokens.size() == begin) {
      return absl::DataLossError(StrCat(sequence.place, ": expected a text with tokens, got none"));
    }
    samples_.begin.push_back(samples_.tokens.size());
    return absl::OkStatus();
  }

  Status AddLabels(const LabelledSequence& sequence, size_t h) {
    const HeadNode& head = graph_.heads[h];
    // In a file of texts the label is the sequence's, whichever step is to say it.
    const size_t steps = samples_.tokens.size() - samples_.begin[samples_.begin.size() - 2];
    for (size_t item = 0; item < (head.last_step ? 1 : steps); ++item) {
      if (sequence.labels.empty()) {
        AddMasked(head, h);
        continue;
      }
      const auto& cells = sequence.labels[h];
      const size_t cell = head.last_step ? cells.size() - 1 : std::min(item, cells.size() - 1);
      SEQ_RETURN_IF_ERROR(AddCell(sequence, head, h, cells[cell]));
    }
    return absl::OkStatus();
  }

  void AddMasked(const HeadNode& head, size_t h) {
    if (head.kind == HeadKind::kSoftmax) return samples_.classes[h].push_back(-1);
    samples_.targets[h].insert(samples_.targets[h].end(), head.outputs,
                               std::numeric_limits<float>::quiet_NaN());
  }

  Status AddCell(const LabelledSequence& sequence, const HeadNode& head, size_t h,
                 std::string_view cell) {
    if (!dataset_.ignore_label.empty() && cell == dataset_.ignore_label) {
      AddMasked(head, h);
      return absl::OkStatus();
    }
    if (head.kind == HeadKind::kSoftmax) {
      SEQ_ASSIGN_OR_RETURN(const size_t k, Find(sequence, head, h, cell));
      samples_.classes[h].push_back(static_cast<int32_t>(k));
      return absl::OkStatus();
    }
    auto& targets = samples_.targets[h];
    const size_t at = targets.size();
    targets.resize(at + head.outputs, 0);
    for (const std::string_view label : SplitLabels(cell)) {
      SEQ_ASSIGN_OR_RETURN(const size_t k, Find(sequence, head, h, label));
      targets[at + k] = 1;
    }
    return absl::OkStatus();
  }

  StatusOr<size_t> Find(const LabelledSequence& sequence, const HeadNode& head, size_t h,
                        std::string_view label) const {
    const auto found = index_[h].find(label);
    if (found != index_[h].end()) return found->second;
    constexpr size_t kShown = 10;
    std::string known;
    for (size_t k = 0; k < std::min(kShown, head.labels.size()); ++k) {
      known += (k == 0 ? "" : ", ") + Quoted(head.labels[k]);
    }
    if (head.labels.size() > kShown) known += ", ...";
    return absl::DataLossError(StrCat(sequence.place, ": expected a label that head '", head.name,
                                      "' learned from the training part (", known, "), got '",
                                      Quoted(label), "'"));
  }

  const Graph& graph_;
  const Dataset& dataset_;
  const TextCodec& codec_;
  std::vector<std::unordered_map<std::string_view, size_t>> index_;  // per head, by label
  train::Samples samples_;
};

}  // namespace

std::vector<std::string_view> TextsOf(const Dataset& dataset, const train::Part& part) {
  std::vector<std::string_view> texts;
  for (size_t i = part.begin; i < part.end; ++i) {
    texts.insert(texts.end(), dataset.sequences[i].items.begin(), dataset.sequences[i].items.end());
  }
  return texts;
}

Status FitLabels(const v1::DataConfig& data, const Dataset& dataset, const train::Part& training,
                 v1::ModelConfig* model) {
  const size_t columns = train::LabelColumns(data);
  if (static_cast<size_t>(model->heads_size()) != columns) {
    return Expected("data.labels", StrCat("one per head, ", model->heads_size()), StrCat(columns));
  }
  for (int h = 0; h < model->heads_size(); ++h) {
    v1::Head* head = model->mutable_heads(h);
    if (model->task() == "classify") head->set_last_step(true);
    auto* labels = head->has_bernoulli() ? head->mutable_bernoulli()->mutable_labels()
                   : head->has_softmax() ? head->mutable_softmax()->mutable_labels()
                                         : nullptr;
    if (labels == nullptr) {
      return Expected(StrCat("model.heads[", h, "]"),
                      StrCat("softmax or bernoulli for task ", model->task()), "another kind");
    }
    if (labels->size() > 0) continue;
    SEQ_ASSIGN_OR_RETURN(const auto learned,
                         LabelsOf(dataset, training, static_cast<size_t>(h), *head));
    labels->Assign(learned.begin(), learned.end());
  }
  return absl::OkStatus();
}

StatusOr<train::Samples> BuildSamples(const v1::ModelConfig& model, const Dataset& dataset,
                                      const train::Part& part) {
  SEQ_ASSIGN_OR_RETURN(const Graph graph, ResolveGraph(model));
  SEQ_ASSIGN_OR_RETURN(const auto codec, TextCodec::Create(model.inputs(0).tokens()));
  return SampleBuilder(graph, dataset, *codec).Build(part);
}

}  // namespace sequent
