#include "trainer/fold_data.h"

#include <algorithm>
#include <map>

#include "core/model/config_check.h"
#include "core/train/text_data.h"

namespace sequent {
namespace {

constexpr uint32_t kMaxFolds = 1000;

size_t FoldsOf(const v1::CrossValidation& cv) { return cv.folds() == 0 ? 5 : cv.folds(); }

// Piece `i` of `count` about equal ones.
train::Part Piece(size_t size, size_t i, size_t count) {
  return {i * size / count, (i + 1) * size / count};
}

std::string Joined(const Dataset& dataset, const std::vector<size_t>& pieces, size_t count) {
  std::string text;
  for (const size_t i : pieces) {
    text += TextOf(dataset, Piece(dataset.size, i, count));
    // The file's last line may end with the file.
    if (dataset.lines && !text.ends_with('\n')) text += '\n';
  }
  return text;
}

// The rows of the fold; those of its training and test part are behind one another.
train::SeriesTable RowsOf(const train::SeriesTable& all, const train::Fold& fold) {
  train::SeriesTable rows = all;
  rows.times.clear();
  rows.values.clear();
  rows.unix_ms.clear();
  rows.series_of.clear();
  for (const auto* items : {&fold.train, &fold.test}) {
    for (const size_t row : *items) {
      rows.times.push_back(all.times[row]);
      const auto values = all.Rows(row, row + 1);
      rows.values.insert(rows.values.end(), values.begin(), values.end());
      if (!all.unix_ms.empty()) rows.unix_ms.push_back(all.unix_ms[row]);
      if (!all.series_of.empty()) rows.series_of.push_back(all.series_of[row]);
    }
  }
  return rows;
}

// A number for each first label; empty for tags, which have many.
std::vector<int32_t> ClassesOf(const Dataset& dataset) {
  std::vector<int32_t> classes;
  std::map<std::string, int32_t> numbers;
  for (const train::LabelledSequence& sequence : dataset.sequences) {
    if (dataset.tagged) break;
    const std::string& label = sequence.labels.at(0).at(0);
    classes.push_back(numbers.emplace(label, static_cast<int32_t>(numbers.size())).first->second);
  }
  return classes;
}

}  // namespace

StatusOr<std::vector<train::Fold>> MakeFolds(const v1::TrainConfig& config,
                                             const Dataset& dataset) {
  const v1::CrossValidation& cv = config.cv();
  if (cv.folds() > kMaxFolds) {
    return Expected("cv.folds", StrCat("2 to ", kMaxFolds), StrCat(cv.folds()));
  }
  if (config.task() == "forecast") {
    static constexpr std::string_view kSchemes[] = {"rolling_origin"};
    SEQ_RETURN_IF_ERROR(CheckChoice("cv.scheme", cv.scheme(), kSchemes).status());
    return train::RollingOrigin(dataset.size, FoldsOf(cv),
                                {cv.test_rows(), cv.train_rows(), cv.stride()});
  }
  static constexpr std::string_view kSchemes[] = {"kfold"};
  SEQ_RETURN_IF_ERROR(CheckChoice("cv.scheme", cv.scheme(), kSchemes).status());
  if (cv.test_rows() > 0 || cv.train_rows() > 0 || cv.stride() > 0) {
    return Expected(cv.test_rows() > 0    ? "cv.test_rows"
                    : cv.train_rows() > 0 ? "cv.train_rows"
                                          : "cv.stride",
                    "nothing, since only rolling_origin has it", "a number");
  }
  const uint64_t seed = cv.seed() == 0 ? 1 : cv.seed();
  if (!dataset.sequences.empty()) {
    return train::KFold(dataset.size, FoldsOf(cv), seed, ClassesOf(dataset));
  }
  if (dataset.size < FoldsOf(cv)) {
    return absl::DataLossError(StrCat("expected at least ", FoldsOf(cv),
                                      dataset.lines ? " lines, got " : " characters, got ",
                                      dataset.size));
  }
  return train::KFold(FoldsOf(cv), FoldsOf(cv), seed, {});
}

StatusOr<FoldData> TakeFold(const v1::TrainConfig& config, const Dataset& dataset,
                            const train::Fold& fold) {
  FoldData data;
  data.dataset = dataset;
  size_t training = fold.train.size();
  if (config.task() == "forecast") {
    data.dataset.series = RowsOf(dataset.series, fold);
    data.dataset.size = data.dataset.series.rows();
  } else if (!dataset.sequences.empty()) {
    data.dataset.sequences.clear();
    for (const auto* items : {&fold.train, &fold.test}) {
      for (const size_t i : *items) data.dataset.sequences.push_back(dataset.sequences[i]);
    }
    data.dataset.size = data.dataset.sequences.size();
  } else {
    const size_t count = fold.train.size() + fold.test.size();
    data.dataset.text = Joined(dataset, fold.train, count);
    training = dataset.lines ? train::CountLines(data.dataset.text)
                             : train::CountCodePoints(data.dataset.text);
    data.dataset.text += Joined(dataset, fold.test, count);
  }
  v1::Split split;
  split.set_validation(config.data().split().validation());
  SEQ_ASSIGN_OR_RETURN(data.parts, train::SplitRows(split, training));
  data.parts.test = {training, data.dataset.size};
  return data;
}

}  // namespace sequent
