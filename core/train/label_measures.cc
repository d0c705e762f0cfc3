#include "core/train/label_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/aligned.h"
#include "core/base/error.h"
#include "core/kernels/elementwise.h"

namespace sequent::train {
namespace {

// Sequences per pass: bounds memory; the figures do not depend on it (batch invariance).
constexpr size_t kRows = 64;
constexpr size_t kMaxConfusion = 20;

// A batch of sequences through the model.
class SequencePass {
 public:
  SequencePass(const Model& model, const Samples& samples, ThreadPool* pool)
      : model_(model), samples_(samples), pool_(pool) {}

  LabelProbabilities Run() {
    LabelProbabilities probabilities;
    for (size_t first = 0; first < samples_.size(); first += kRows) {
      RunBatch(first, std::min(kRows, samples_.size() - first));
      probabilities.resize(heads().size());
      for (size_t h = 0; h < heads().size(); ++h) {
        for (size_t r = 0; r < rows_.size(); ++r) Append(h, r, &probabilities[h]);
      }
    }
    return probabilities;
  }

 private:
  const std::vector<HeadNode>& heads() const { return model_.graph().heads; }

  void RunBatch(size_t first, size_t count) {
    rows_.assign(count, {});
    states_.resize(count);
    outputs_.resize(count);
    pointers_.resize(count);
    for (size_t r = 0; r < count; ++r) {
      const size_t steps = samples_.length(first + r);
      states_[r].resize(model_.state_size());
      model_.InitState(states_[r].data());
      outputs_[r].resize(heads().size());
      pointers_[r].clear();
      for (size_t h = 0; h < heads().size(); ++h) {
        outputs_[r][h].resize(steps * heads()[h].outputs);
        pointers_[r].push_back(outputs_[r][h].data());
      }
      rows_[r].state = states_[r].data();
      rows_[r].steps = static_cast<uint32_t>(steps);
      rows_[r].tokens = samples_.tokens.data() + samples_.begin[first + r];
      rows_[r].outputs = pointers_[r].data();
    }
    model_.Run({rows_}, &workspace_, pool_);
  }

  void Append(size_t h, size_t r, std::vector<double>* to) const {
    const HeadNode& head = heads()[h];
    const size_t steps = rows_[r].steps;
    for (size_t t = head.last_step ? steps - 1 : 0; t < steps; ++t) {
      const float* output = outputs_[r][h].data() + t * head.outputs;
      const bool softmax = head.kind == HeadKind::kSoftmax;
      const double all = softmax ? kernels::LogSumExp(head.outputs, output) : 0;
      for (size_t k = 0; k < head.outputs; ++k) {
        const double x = output[k];
        to->push_back(softmax ? std::exp(x - all) : 1 / (1 + std::exp(-x)));
      }
    }
  }

  const Model& model_;
  const Samples& samples_;
  ThreadPool* pool_;
  Workspace workspace_;
  std::vector<TickRow> rows_;
  std::vector<AlignedVector<std::byte>> states_;
  std::vector<std::vector<AlignedVector<float>>> outputs_;
  std::vector<std::vector<float*>> pointers_;
};

double NegativeLog(double probability) {
  return -std::log(std::max(probability, std::numeric_limits<double>::min()));
}

// Counts of one class, or of one label.
struct Count {
  double right = 0, named = 0, there = 0;
  double precision() const { return named == 0 ? 0 : right / named; }
  double recall() const { return there == 0 ? 0 : right / there; }
  double f1() const { return named + there == 0 ? 0 : 2 * right / (named + there); }
};

double MacroF1(const std::vector<Count>& counts) {
  double sum = 0, classes = 0;
  for (const Count& count : counts) {
    if (count.named + count.there == 0) continue;
    sum += count.f1();
    ++classes;
  }
  return classes == 0 ? 0 : sum / classes;
}

class HeadMeasures {
 public:
  HeadMeasures(const HeadNode& head, std::string prefix, Measures* measures)
      : head_(head), prefix_(std::move(prefix)), measures_(measures), counts_(head.outputs) {}

  // The mean negative log likelihood.
  StatusOr<double> Softmax(const std::vector<int32_t>& targets, const std::vector<double>& p) {
    std::vector<double> confusion(head_.outputs * head_.outputs, 0);
    double loss = 0, valid = 0, right = 0;
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i] < 0) continue;
      const auto target = static_cast<size_t>(targets[i]);
      const auto row = std::span(p).subspan(i * head_.outputs, head_.outputs);
      const size_t named = MostProbable(row);
      loss += NegativeLog(row[target]);
      ++valid;
      ++counts_[target].there;
      ++counts_[named].named;
      ++confusion[target * head_.outputs + named];
      if (named == target) {
        ++counts_[target].right;
        ++right;
      }
    }
    if (valid == 0) return NothingKnown();
    Set("accuracy", right / valid);
    SetCounts();
    for (size_t a = 0; a < head_.outputs && head_.outputs <= kMaxConfusion; ++a) {
      for (size_t b = 0; b < head_.outputs; ++b) {
        Set(StrCat("confusion.", LabelOf(head_, a), ".", LabelOf(head_, b)),
            confusion[a * head_.outputs + b]);
      }
    }
    return loss / valid;
  }

  StatusOr<double> Bernoulli(const std::vector<float>& targets, const std::vector<double>& p) {
    double loss = 0, valid = 0, right = 0;
    for (size_t i = 0; i < targets.size(); ++i) {
      if (std::isnan(targets[i])) continue;
      const bool there = targets[i] == 1, named = p[i] > 0.5;
      Count& count = counts_[i % head_.outputs];
      loss += NegativeLog(there ? p[i] : 1 - p[i]);
      ++valid;
      count.there += there ? 1 : 0;
      count.named += named ? 1 : 0;
      count.right += there && named ? 1 : 0;
      right += there == named ? 1 : 0;
    }
    if (valid == 0) return NothingKnown();
    Set("accuracy", right / valid);
    SetCounts();
    return loss / valid;
  }

  void Set(const std::string& name, double value) { (*measures_)[prefix_ + name] = value; }

 private:
  void SetCounts() {
    Set("macro_f1", MacroF1(counts_));
    for (size_t k = 0; k < counts_.size(); ++k) {
      const std::string label = LabelOf(head_, k);
      Set("precision." + label, counts_[k].precision());
      Set("recall." + label, counts_[k].recall());
      Set("f1." + label, counts_[k].f1());
      Set("support." + label, counts_[k].there);
    }
  }

  Status NothingKnown() const {
    return absl::DataLossError(
        StrCat("head '", head_.name, "': expected labels to measure on, got none"));
  }

  const HeadNode& head_;
  const std::string prefix_;
  Measures* measures_;
  std::vector<Count> counts_;
};

}  // namespace

StatusOr<LabelProbabilities> PredictLabels(const Model& model, const Samples& samples,
                                           ThreadPool* pool) {
  for (const HeadNode& head : model.graph().heads) {
    if (head.kind == HeadKind::kSoftmax || head.kind == HeadKind::kBernoulli) continue;
    return absl::InvalidArgumentError(
        StrCat("head '", head.name, "': expected softmax or bernoulli heads"));
  }
  return SequencePass(model, samples, pool).Run();
}

LabelProbabilities AverageLabels(const std::vector<LabelProbabilities>& each) {
  LabelProbabilities mean = each[0];
  for (size_t h = 0; h < mean.size(); ++h) {
    for (size_t i = 0; i < mean[h].size(); ++i) {
      for (size_t m = 1; m < each.size(); ++m) mean[h][i] += each[m][h][i];
      mean[h][i] /= static_cast<double>(each.size());
    }
  }
  return mean;
}

StatusOr<Measures> LabelMeasures(const Graph& graph, const Samples& samples,
                                 const LabelProbabilities& probabilities) {
  Measures measures;
  double loss = 0;
  for (size_t h = 0; h < graph.heads.size(); ++h) {
    const HeadNode& head = graph.heads[h];
    HeadMeasures of_head(head, graph.heads.size() > 1 ? head.name + "/" : "", &measures);
    const bool softmax = head.kind == HeadKind::kSoftmax;
    SEQ_ASSIGN_OR_RETURN(const double head_loss,
                         softmax ? of_head.Softmax(samples.classes[h], probabilities[h])
                                 : of_head.Bernoulli(samples.targets[h], probabilities[h]));
    loss += head.loss_weight * head_loss;
  }
  measures["loss"] = loss;
  return measures;
}

double MajorityAccuracy(size_t classes, const std::vector<int32_t>& training,
                        const std::vector<int32_t>& targets) {
  std::vector<size_t> counts(classes, 0);
  for (const int32_t target : training) {
    if (target >= 0) ++counts[static_cast<size_t>(target)];
  }
  const auto majority =
      static_cast<int32_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  double right = 0, all = 0;
  for (const int32_t target : targets) {
    if (target < 0) continue;
    right += target == majority ? 1 : 0;
    ++all;
  }
  return right / all;
}

std::string LabelOf(const HeadNode& head, size_t k) {
  return k < head.labels.size() ? head.labels[k] : StrCat(k);
}

size_t MostProbable(std::span<const double> probabilities) {
  return static_cast<size_t>(std::max_element(probabilities.begin(), probabilities.end()) -
                             probabilities.begin());
}

}  // namespace sequent::train
