#include "trainer/label_report.h"

#include <cmath>
#include <cstdio>
#include <set>
#include <vector>

#include <google/protobuf/util/message_differencer.h>

#include "core/train/naive_bayes.h"
#include "trainer/label_data.h"

namespace sequent {
namespace {

using train::Measures;

Status CheckSameCodecs(const ModelList& models) {
  const auto& first = *models[0];
  for (const auto& model : models) {
    bool same = google::protobuf::util::MessageDifferencer::Equals(model->config().inputs(0),
                                                                   first.config().inputs(0));
    same = same && model->graph().heads.size() == first.graph().heads.size();
    for (size_t h = 0; same && h < first.graph().heads.size(); ++h) {
      same = model->graph().heads[h].labels == first.graph().heads[h].labels;
    }
    if (!same) {
      return absl::InvalidArgumentError("expected models of the same tokens and labels");
    }
  }
  return absl::OkStatus();
}

double Value(const Measures& measures, const std::string& name) {
  const auto at = measures.find(name);
  return at == measures.end() ? std::nan("") : at->second;
}

// "", or "<head>/" of each head.
std::set<std::string> Prefixes(const Measures& measures) {
  std::set<std::string> prefixes;
  for (const auto& [name, value] : measures) {
    constexpr std::string_view kSuffix = "macro_f1";
    if (name.ends_with(kSuffix)) prefixes.insert(name.substr(0, name.size() - kSuffix.size()));
  }
  return prefixes;
}

std::vector<std::string> Labels(const Measures& measures, const std::string& prefix) {
  std::vector<std::string> labels;
  const std::string begin = prefix + "f1.";
  for (const auto& [name, value] : measures) {
    if (name.starts_with(begin)) labels.push_back(name.substr(begin.size()));
  }
  return labels;
}

std::string Padded(const std::string& text, size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

std::string Confusion(const Measures& measures, const std::string& prefix) {
  const std::vector<std::string> labels = Labels(measures, prefix);
  if (labels.empty()) return "";
  if (!measures.contains(StrCat(prefix, "confusion.", labels[0], ".", labels[0]))) return "";
  size_t width = 7;
  for (const std::string& label : labels) width = std::max(width, label.size() + 1);
  std::string text =
      StrCat("  ", prefix, "confusion: rows are true, columns named\n  ", std::string(width, ' '));
  for (const std::string& label : labels) text += Padded(label, width);
  for (const std::string& row : labels) {
    text += "\n  " + Padded(row, width);
    for (const std::string& column : labels) {
      char number[32];
      std::snprintf(number, sizeof(number), "%.0f",
                    Value(measures, StrCat(prefix, "confusion.", row, ".", column)));
      text += Padded(number, width);
    }
  }
  return text + "\n";
}

}  // namespace

StatusOr<train::LabelProbabilities> AverageOfModels(const ModelList& models,
                                                    const train::Samples& samples,
                                                    ThreadPool* pool) {
  SEQ_RETURN_IF_ERROR(CheckSameCodecs(models));
  std::vector<train::LabelProbabilities> each;
  for (const auto& model : models) {
    SEQ_ASSIGN_OR_RETURN(auto one, train::PredictLabels(*model, samples, pool));
    each.push_back(std::move(one));
  }
  return each.size() == 1 ? std::move(each[0]) : train::AverageLabels(each);
}

StatusOr<Measures> ScoreLabels(const ModelList& models, const Dataset& dataset,
                               const train::Part& part, ThreadPool* pool) {
  SEQ_ASSIGN_OR_RETURN(const train::Samples samples,
                       BuildSamples(models[0]->config(), dataset, part));
  SEQ_ASSIGN_OR_RETURN(const auto probabilities, AverageOfModels(models, samples, pool));
  return train::LabelMeasures(models[0]->graph(), samples, probabilities);
}

Status AddLabelBaselines(const v1::ModelConfig& model, const Dataset& dataset,
                         const train::Part& training, const train::Part& part, Measures* measures) {
  SEQ_ASSIGN_OR_RETURN(const Graph graph, ResolveGraph(model));
  SEQ_ASSIGN_OR_RETURN(const train::Samples known, BuildSamples(model, dataset, training));
  SEQ_ASSIGN_OR_RETURN(const train::Samples samples, BuildSamples(model, dataset, part));
  for (size_t h = 0; h < graph.heads.size(); ++h) {
    const HeadNode& head = graph.heads[h];
    if (head.kind != HeadKind::kSoftmax) continue;
    const std::string prefix = graph.heads.size() > 1 ? head.name + "/" : "";
    (*measures)[prefix + "accuracy_majority"] =
        train::MajorityAccuracy(head.outputs, known.classes[h], samples.classes[h]);
    // Which of some dozen characters a text has says little.
    if (!head.last_step || model.inputs(0).tokens().codec() == "characters") continue;
    (*measures)[prefix + "accuracy_naive_bayes"] =
        train::NaiveBayesAccuracy(known, samples, h, head.outputs, graph.nodes[0].tokens);
  }
  return absl::OkStatus();
}

std::string DescribeLabels(const Measures& measures) {
  std::string text;
  for (const std::string& prefix : Prefixes(measures)) text += Confusion(measures, prefix);
  return text;
}

}  // namespace sequent
