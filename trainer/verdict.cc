#include "trainer/verdict.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/base/status.h"

namespace sequent {
namespace {

constexpr std::string_view kSuffixes[] = {"_unigram",  "_persistence", "_seasonal",   "_ar",
                                          "_constant", "_majority",    "_naive_bayes"};

struct Baseline {
  std::string_view own, baseline;
  bool larger_is_better;
  std::string_view name;  // for people
};

constexpr Baseline kBaselines[] = {
    {"loss", "loss_unigram", false, "the naive baseline (unigram frequencies)"},
    {"rmse", "rmse_persistence", false, "the naive baseline (persistence)"},
    {"rmse", "rmse_seasonal", false, "the baseline seasonal"},
    {"rmse", "rmse_ar", false, "the baseline ar"},
    {"accuracy", "accuracy_majority", true, "the naive baseline (the most frequent class)"},
    {"accuracy", "accuracy_naive_bayes", true, "the naive baseline (naive Bayes on word presence)"},
};

// Before it "<head>/" may stand, behind it ".<label>": a label may hold any character.
std::string_view WithoutLabel(std::string_view measure) {
  return measure.substr(0, measure.find('.'));
}

std::string_view HeadOf(std::string_view measure) {
  const size_t slash = measure.rfind('/');
  return slash == measure.npos ? std::string_view() : measure.substr(0, slash + 1);
}

}  // namespace

bool IsBaseline(const std::string& measure) {
  std::string_view base = WithoutLabel(measure);
  base.remove_prefix(HeadOf(base).size());
  return std::any_of(std::begin(kSuffixes), std::end(kSuffixes),
                     [&](std::string_view suffix) { return base.ends_with(suffix); });
}

Judgement JudgeMeasures(const train::Measures& measures) {
  Judgement judgement;
  for (const auto& [name, own] : measures) {
    if (WithoutLabel(name) != name) continue;
    const std::string head(HeadOf(name));
    for (const Baseline& one : kBaselines) {
      if (std::string_view(name).substr(head.size()) != one.own) continue;
      const auto at = measures.find(head + std::string(one.baseline));
      if (at == measures.end() || std::isnan(own) || std::isnan(at->second)) continue;
      ++judgement.there;
      if (one.larger_is_better ? own > at->second : own < at->second) {
        ++judgement.beaten;
      } else {
        judgement.lines.push_back(StrCat(head, "the model does NOT beat ", ToAbsl(one.name)));
      }
    }
  }
  return judgement;
}

}  // namespace sequent
