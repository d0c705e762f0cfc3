// Fits that take a fraction of a second, as command lines, in a folder of their own.
#ifndef SEQUENT_TESTS_TRAINER_SMALL_FIT_H_
#define SEQUENT_TESTS_TRAINER_SMALL_FIT_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "tests/trainer/run_program.h"

namespace sequent {

using Arguments = std::vector<std::string>;

class SmallFit : public ::testing::Test {
 protected:
  static Arguments With(Arguments arguments, const Arguments& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  static Arguments Sets(const Arguments& keys) {
    Arguments arguments;
    for (const std::string& key : keys) arguments = With(arguments, {"--set", key});
    return arguments;
  }

  // NAME.safetensors is the model file, NAME the run folder; a checkpoint at every fifth update.
  Arguments Fit(const std::string& name, int updates) const {
    return With({"fit", "--out", Model(name), "--run-dir", folder_.File(name)},
                Sets({"train.early_stopping.patience=0", "train.validate.every_updates=20",
                      "train.checkpoint={every_updates: 5}", "train.epochs=1000",
                      StrCat("train.max_updates=", updates)}));
  }

  // Embedding, dropout, LSTM; Adam; state carried from chunk to chunk.
  Arguments TextFit(const std::string& name, int updates, const Arguments& more = {}) const {
    std::string text;
    for (int i = 0; text.size() < 6000; ++i) {
      text += StrCat("line ", i * 7919 % 1000, " of a song\n");
    }
    const Arguments fit = With(Fit(name, updates), {"--task", "language_model", "--data",
                                                    folder_.Write("text.txt", text)});
    return With(With(fit, Sets({"train.batch=4", "train.bptt=8",
                                "model.layers=[{name: e, embedding: {width: 8}}, "
                                "{name: d, dropout: {rate: 0.1}}, {name: l, lstm: {units: 12}}]"})),
                more);
  }

  // The same over words, each line ended by a token, the parts cut in lines.
  Arguments WordFit(const std::string& name, int updates, const Arguments& more = {}) const {
    return TextFit(name, updates,
                   With(Sets({"model.input={tokens: {codec: words, line_ends: true, min_count: 2}}",
                              "data.unit=lines", "data.split={validation: 30, test: 30}"}),
                        more));
  }

  // The same over pieces of words, which are learned.
  Arguments PieceFit(const std::string& name, int updates, const Arguments& more = {}) const {
    return TextFit(
        name, updates,
        With(Sets({"model.input={tokens: {codec: sentencepiece, max_vocabulary: 60}}"}), more));
  }

  // A GRU forecaster; windows in an order drawn anew for each epoch.
  Arguments SeriesFit(const std::string& name, int updates, const Arguments& more = {}) const {
    std::string csv = "t,x\n";
    for (int i = 0; i < 400; ++i) csv += StrCat(i, ",", i * i % 37, "\n");
    const Arguments fit = With(Fit(name, updates),
                               {"--task", "forecast", "--data", folder_.Write("series.csv", csv)});
    return With(With(fit, Sets({"data.time=t", "data.split={validation: 50, test: 50}",
                                "train.window=16", "train.batch=8"})),
                more);
  }

  std::string Model(const std::string& name) const { return folder_.File(name + ".safetensors"); }
  std::string ModelBytes(const std::string& name) const {
    return folder_.Read(name + ".safetensors");
  }
  std::string Metrics(const std::string& name) const {
    return folder_.Read(name + "/metrics.jsonl");
  }
  std::vector<nlohmann::json> MetricLines(const std::string& name) const {
    std::vector<nlohmann::json> lines;
    std::istringstream text(Metrics(name));
    for (std::string line; std::getline(text, line);) {
      lines.push_back(nlohmann::json::parse(line, nullptr, false));
    }
    return lines;
  }
  bool HasLines(const std::string& name, int lines) const {
    const std::string log = Metrics(name);
    return std::count(log.begin(), log.end(), '\n') >= lines;
  }

  TemporaryFolder folder_;
};

}  // namespace sequent

#endif  // SEQUENT_TESTS_TRAINER_SMALL_FIT_H_
