// Small fits for tests of the training loop.
#ifndef SEQUENT_TESTS_CORE_TRAIN_FIT_TESTING_H_
#define SEQUENT_TESTS_CORE_TRAIN_FIT_TESTING_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "core/base/random.h"
#include "core/train/checkpoint.h"
#include "core/train/trainer.h"
#include "tests/support/models.h"

namespace sequent::train {

inline TrainingData RandomText() {
  TrainingData data;
  const RandomStream random(1, 2, 3);
  for (uint64_t i = 0; i < 400; ++i) {
    data.stream.tokens.push_back(static_cast<int32_t>(random.Bits(i) % 5 + (i % 2) * 5));
  }
  return data;
}

// Two columns, some targets missing.
inline TrainingData RandomSeries() {
  TrainingData data;
  const RandomStream random(1, 2, 4);
  data.series.steps = 120;
  data.series.input_width = 2;
  data.series.targets.resize(1);
  for (uint64_t i = 0; i < 240; ++i) {
    data.series.inputs.push_back(static_cast<float>(random.Normal(i)));
    data.series.targets[0].push_back(i % 17 == 3 ? std::nanf("")
                                                 : static_cast<float>(random.Normal(1000 + i)));
  }
  return data;
}

inline v1::TrainConfig SmallConfig() {
  v1::TrainConfig config;
  config.set_seed(3);
  v1::TrainOptions* train = config.mutable_train();
  train->set_batch(5);
  train->set_bptt(7);
  train->set_epochs(2);
  train->mutable_optimizer()->mutable_adam()->set_lr(0.01);
  train->mutable_checkpoint()->set_every_updates(4);
  return config;
}

inline bool SameBits(const TensorMap& a, const TensorMap& b) {
  for (const auto& [name, tensor] : a) {
    if (tensor.values != b.at(name).values) return false;
  }
  return a.size() == b.size();
}

class RunFolder {
 public:
  explicit RunFolder(const std::string& name = "")
      : path_(testing::TempDir() + "sequent_run_" + std::to_string(getpid()) + name) {
    std::filesystem::remove_all(path_);
  }
  ~RunFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string Checkpoint(uint64_t update) const {
    return path_ + "/checkpoints/" + std::to_string(update) + ".ckpt";
  }

 private:
  const std::string path_;
};

// Something that depends on every weight.
inline StatusOr<Measures> SumOfSquaresMeasure(const TensorMap& tensors) {
  double sum = 0;
  for (const auto& [name, tensor] : tensors) {
    for (const float value : tensor.values) sum += double{value} * value;
  }
  return Measures{{"loss", sum}};
}

// All that the newest checkpoint of a folder carries from one update to the next.
inline std::string LastState(const RunFolder& folder) {
  auto checkpoint = ReadNewestCheckpoint(folder.path());
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
  checkpoint->config.clear();
  return SerializeCheckpoint(*checkpoint);
}

}  // namespace sequent::train

#endif  // SEQUENT_TESTS_CORE_TRAIN_FIT_TESTING_H_
