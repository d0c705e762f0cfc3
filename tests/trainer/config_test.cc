#include "trainer/config.h"

#include <functional>

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "core/train/trainer.h"
#include "tests/trainer/temporary_folder.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Refusal(const std::string& yaml) {
  v1::TrainConfig config;
  const Status status = ReadYaml(yaml, "config.yaml", &config);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << yaml;
  return std::string(status.message());
}

v1::TrainConfig Read(const std::string& yaml) {
  v1::TrainConfig config;
  const Status status = ReadYaml(yaml, "config.yaml", &config);
  EXPECT_TRUE(status.ok()) << status;
  return config;
}

TEST(YamlReader, ReadsTheExampleOfTheDocumentation) {
  ConfigSources sources;
  sources.file = "examples/shakespeare/config.yaml";
  const auto config = LoadConfig(sources);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->model().input(0).tokens().codec(), "characters");
  ASSERT_EQ(config->model().layers_size(), 3);
  EXPECT_EQ(config->model().layers(2).lstm().units(), 128u);
  EXPECT_TRUE(config->model().heads(0).has_softmax());
  EXPECT_EQ(config->train().optimizer().adam().lr(), 0.01);
  EXPECT_EQ(config->train().initialization().forget_bias(), 1);
  EXPECT_TRUE(config->train().has_max_time());
}

std::string DefaultsRefusal(const std::string& yaml) {
  v1::TrainConfig config = Read(yaml);
  config.mutable_data()->add_path("f");
  const Status status = ApplyDefaults(&config);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << yaml;
  return std::string(status.message());
}

TEST(Defaults, RefuseDataKeysThatTheTaskDoesNotRead) {
  for (const char* key : {"format: csv", "text: a", "labels: a", "sequence_ends: a",
                          "ignore_label: a", "shuffle_split: true"}) {
    const std::string name = std::string(key).substr(0, std::string(key).find(':'));
    EXPECT_THAT(DefaultsRefusal(StrCat("task: forecast\ndata: {", key, "}")),
                HasSubstr(StrCat("data.", name, ": expected nothing for task forecast")));
  }
  EXPECT_THAT(DefaultsRefusal("task: tag\ndata: {format: tsv}"), HasSubstr("data.format"));
  EXPECT_THAT(DefaultsRefusal("task: classify\ndata: {unit: lines}"), HasSubstr("data.unit"));
}

TEST(Defaults, RefuseTrainKeysThatTheTaskDoesNotRead) {
  for (const char* key :
       {"length_bucket: 1", "max_tokens: 1", "class_weights: {a: 1}", "balance_classes: true"}) {
    EXPECT_THAT(DefaultsRefusal(StrCat("task: language_model\ntrain: {", key, "}")),
                HasSubstr("expected nothing for task language_model"));
  }
}

TEST(Defaults, OfLabelsAreHeadsThatNameThem) {
  for (const char* task : {"classify", "tag"}) {
    v1::TrainConfig config = Read(StrCat("task: ", task));
    config.mutable_data()->add_path("f");
    ASSERT_TRUE(ApplyDefaults(&config).ok());
    EXPECT_TRUE(config.model().heads(0).has_softmax());
    EXPECT_TRUE(config.model().input(0).has_tokens());
  }
}

TEST(Defaults, OfAnEmbeddingThatAHeadIsTiedToAreSmallWeights) {
  const auto embedding = [](const std::string& head, const std::string& own) {
    v1::TrainConfig config =
        Read(StrCat("task: language_model\nmodel: {layers: [{name: e, embedding: {width: 8}}], "
                    "heads: [{name: h, softmax: {",
                    head, "}}]}\ntrain: {initialization: {", own, "}}"));
    config.mutable_data()->add_path("f");
    EXPECT_TRUE(ApplyDefaults(&config).ok());
    return config.train().initialization().embedding();
  };
  EXPECT_EQ(embedding("tied_to: e", ""), "he_normal");
  EXPECT_EQ(embedding("tied_to: e", "embedding: normal"), "normal");
  EXPECT_EQ(embedding("", ""), "");
}

std::string TrainRefusal(const std::string& yaml) {
  const auto options = train::ResolveTrainOptions(Read(yaml));
  EXPECT_FALSE(options.ok()) << yaml;
  return std::string(Message(options.status()));
}

TEST(TrainOptions, RefuseSmoothingAndWeightsOutOfRange) {
  EXPECT_THAT(TrainRefusal("train: {label_smoothing: 1}"),
              HasSubstr("train.label_smoothing: expected 0 <= x < 1, got 1"));
  EXPECT_THAT(TrainRefusal("train: {class_weights: {spam: -2}}"),
              HasSubstr("train.class_weights.spam: expected >= 0, got -2"));
  EXPECT_THAT(TrainRefusal("train: {class_weights: {spam: 2}, balance_classes: true}"),
              HasSubstr("train.balance_classes: expected false with class_weights, got true"));
}

TEST(YamlReader, NamesTheNearestKeyAndTheLine) {
  EXPECT_EQ(Refusal("train:\n  optmizer: {}\n"),
            "train.optmizer: unknown key; did you mean 'optimizer'? (config.yaml:2)");
}

TEST(YamlReader, ListsTheKeysThereAreIfNoneIsNear) {
  EXPECT_EQ(Refusal("data: {split: {nonsense: 1}}"),
            "data.split.nonsense: unknown key; known here: train, validation, test "
            "(config.yaml:1)");
}

TEST(YamlReader, RefusesAWordWhereANumberBelongs) {
  EXPECT_EQ(Refusal("train:\n  batch: many\n"),
            "train.batch: expected a whole number from 0 to 4294967295, got 'many' "
            "(config.yaml:2)");
}

TEST(YamlReader, RefusesANegativeCount) {
  EXPECT_THAT(Refusal("train: {batch: -1}"), HasSubstr("got '-1'"));
}

TEST(YamlReader, RefusesAMapWhereAScalarBelongs) {
  EXPECT_THAT(Refusal("name: {a: b}"), HasSubstr("name: expected a single value, got a map"));
}

TEST(YamlReader, RefusesAScalarWhereAMapBelongs) {
  EXPECT_THAT(Refusal("train: 5"), HasSubstr("train: expected a map, got '5'"));
}

TEST(YamlReader, RefusesTwoKindsOfOneLayer) {
  EXPECT_THAT(Refusal("model: {layers: [{name: a, lstm: {units: 1}, gru: {units: 1}}]}"),
              AllOf(HasSubstr("model.layers[0].gru"), HasSubstr("only one of")));
}

TEST(YamlReader, RefusesAKeyGivenTwice) {
  EXPECT_THAT(Refusal("seed: 1\nseed: 2\n"), HasSubstr("seed: given twice (config.yaml:2)"));
}

TEST(YamlReader, RefusesAnAmountOfTimeWithoutUnit) {
  EXPECT_THAT(Refusal("train: {max_time: 90}"), HasSubstr("a duration such as 90s"));
}

TEST(YamlReader, RefusesWhatIsNoYamlWithItsLine) {
  EXPECT_THAT(Refusal("a: [1,\nb: }"), HasSubstr("(config.yaml:"));
}

TEST(YamlReader, ReadsDurations) {
  EXPECT_EQ(Read("train: {max_time: 5m}").train().max_time().seconds(), 300);
  EXPECT_EQ(Read("train: {max_time: 1.5h}").train().max_time().seconds(), 5400);
  EXPECT_EQ(Read("train: {max_time: 250ms}").train().max_time().nanos(), 250000000);
}

TEST(YamlReader, TakesOneValueForAList) {
  const auto config = Read("data: {path: a.txt, targets: [x, y]}");
  EXPECT_EQ(config.data().path(0), "a.txt");
  EXPECT_EQ(config.data().targets_size(), 2);
}

TEST(YamlReader, ReadsMapsByName) {
  const auto config = Read("model: {input: {features: {columns: {rain: {scale: none}}}}}");
  EXPECT_EQ(config.model().input(0).features().columns().at("rain").scale(), "none");
}

TEST(YamlReader, WritesWhatItReads) {
  ConfigSources sources;
  sources.file = "examples/melbourne/config.yaml";
  const auto config = LoadConfig(sources);
  ASSERT_TRUE(config.ok()) << config.status();
  const auto again = Read(WriteYaml(*config));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*config, again))
      << WriteYaml(*config);
}

TEST(Config, PutsTheCommandLineOverTheEnvironmentOverTheFile) {
  TemporaryFolder folder;
  ConfigSources sources;
  sources.file = folder.Write("c.yaml", "train: {batch: 1, bptt: 1, epochs: 1}");
  sources.environment = {{"SEQUENT_TRAIN__BATCH", "2"}, {"SEQUENT_TRAIN__BPTT", "2"}};
  sources.sets = {"train.batch=3"};
  const auto config = LoadConfig(sources);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->train().batch(), 3u);
  EXPECT_EQ(config->train().bptt(), 2u);
  EXPECT_EQ(config->train().epochs(), 1u);
}

TEST(Config, ReachesDeepKeysFromTheEnvironment) {
  ConfigSources sources;
  sources.environment = {{"SEQUENT_TRAIN__OPTIMIZER__ADAM__LR", "0.5"}};
  EXPECT_EQ(LoadConfig(sources)->train().optimizer().adam().lr(), 0.5);
}

TEST(Config, LeavesOtherVariablesAlone) {
  ConfigSources sources;
  sources.environment = {{"SEQUENT_LISTEN", "x"}, {"SEQUENT_BINARY_DIR", "y"}, {"HOME", "z"}};
  EXPECT_TRUE(LoadConfig(sources).ok());
}

TEST(Config, NamesTheVariableWithABadValue) {
  ConfigSources sources;
  sources.environment = {{"SEQUENT_TRAIN__BATCH", "x"}};
  EXPECT_THAT(std::string(LoadConfig(sources).status().message()),
              HasSubstr("(SEQUENT_TRAIN__BATCH)"));
}

TEST(Config, SetsElementsOfListsByIndex) {
  ConfigSources sources;
  sources.file = "examples/shakespeare/config.yaml";
  sources.sets = {"model.layers.1.lstm.units=7"};
  EXPECT_EQ(LoadConfig(sources)->model().layers(1).lstm().units(), 7u);
}

TEST(Config, RefusesAnIndexPastTheEnd) {
  ConfigSources sources;
  sources.sets = {"model.layers.0.lstm.units=7"};
  EXPECT_THAT(LoadConfig(sources).status().ToString(), HasSubstr("expected a whole list"));
  sources.file = "examples/shakespeare/config.yaml";
  sources.sets = {"model.layers.3.lstm.units=7"};
  EXPECT_THAT(LoadConfig(sources).status().ToString(), HasSubstr("an index from 0 to 2"));
}

TEST(Config, RefusesAVariableOfNoKey) {
  ConfigSources sources;
  sources.environment = {{"SEQUENT_TRIAN__BATCH", "2"}};
  EXPECT_THAT(LoadConfig(sources).status().ToString(),
              AllOf(HasSubstr("trian: unknown key"), HasSubstr("(SEQUENT_TRIAN__BATCH)")));
}

TEST(Config, RefusesAnUnknownTask) {
  v1::TrainConfig config;
  config.set_task("forcast");
  config.mutable_data()->add_path("x");
  EXPECT_THAT(std::string(ApplyDefaults(&config).message()), HasSubstr("forecast"));
}

std::string ForecastRefusal(const std::function<void(v1::ForecastConfig*)>& edit) {
  v1::TrainConfig config;
  config.set_task("forecast");
  config.mutable_data()->add_path("x");
  edit(config.mutable_forecast());
  return std::string(ApplyDefaults(&config).message());
}

TEST(Config, RefusesWhatTheEvaluationDoesNotTake) {
  EXPECT_THAT(ForecastRefusal([](auto* f) { f->set_horizon(7); }),
              HasSubstr("forecast.horizon: expected 0 or 1 unless evaluation is fixed_origin"));
  EXPECT_THAT(ForecastRefusal([](auto* f) { f->set_context(7); }),
              HasSubstr("forecast.context: expected 0, since one_step"));
  EXPECT_THAT(ForecastRefusal([](auto* f) { f->set_stride(2); }),
              HasSubstr("forecast.stride: expected 0 unless evaluation is rolling_origin"));
  EXPECT_THAT(ForecastRefusal([](auto* f) { f->set_evaluation("fixed"); }),
              HasSubstr("forecast.evaluation: expected one_step | fixed_origin | rolling_origin"));
  EXPECT_THAT(ForecastRefusal([](auto* f) { f->set_output("indirect"); }),
              HasSubstr("forecast.output: expected recursive | direct, got 'indirect'"));
  EXPECT_THAT(ForecastRefusal([](auto* f) { f->set_ar_lags(65); }),
              HasSubstr("forecast.ar_lags: expected 0..64, got 65"));
  EXPECT_THAT(ForecastRefusal([](auto* f) { f->set_period(65537); }),
              HasSubstr("forecast.period: expected 0..65536"));
  EXPECT_EQ(ForecastRefusal([](auto* f) {
              f->set_evaluation("rolling_origin");
              f->set_stride(2);
              f->set_horizon(12);
              f->set_context(24);
            }),
            "");
}

TEST(Config, DirectForecastsGiveTheirHorizonToEveryRegressionHead) {
  v1::TrainConfig config;
  config.set_task("forecast");
  config.mutable_data()->add_path("x");
  config.mutable_forecast()->set_output("direct");
  config.mutable_forecast()->set_horizon(7);
  for (const uint32_t own : {0, 7}) {
    config.mutable_model()->add_heads()->mutable_regression()->set_horizon(own);
  }
  ASSERT_TRUE(ApplyDefaults(&config).ok());
  for (const v1::Head& head : config.model().heads()) EXPECT_EQ(head.regression().horizon(), 7u);
}

TEST(Config, RefusesDirectForecastsOfNothingOrOfAnotherHorizon) {
  const auto direct = [](uint32_t horizon, uint32_t of_head, const std::string& output) {
    v1::TrainConfig config;
    config.set_task("forecast");
    config.mutable_data()->add_path("x");
    config.mutable_forecast()->set_output(output);
    config.mutable_forecast()->set_horizon(horizon);
    config.mutable_model()->add_heads()->mutable_regression()->set_horizon(of_head);
    return std::string(ApplyDefaults(&config).message());
  };
  for (const uint32_t horizon : {0u, 1u, 1025u}) {
    EXPECT_THAT(direct(horizon, 0, "direct"),
                HasSubstr("forecast.horizon: expected the steps that output direct says at once, "
                          "2..1024, got"));
  }
  EXPECT_THAT(direct(7, 6, "direct"),
              HasSubstr("model.heads[0].regression.horizon: expected 0 or forecast.horizon, 7, got "
                        "6"));
  EXPECT_THAT(direct(0, 6, ""),
              HasSubstr("model.heads[0].regression.horizon: expected 0 or 1 unless "
                        "forecast.output is direct, got 6"));
  v1::TrainConfig other;
  other.set_task("language_model");
  other.mutable_data()->add_path("x");
  other.mutable_forecast()->set_output("direct");
  other.mutable_forecast()->set_horizon(7);
  EXPECT_THAT(std::string(ApplyDefaults(&other).message()),
              HasSubstr("forecast.output: expected nothing for task language_model, got direct"));
}

TEST(Config, AsksForData) {
  v1::TrainConfig config;
  config.set_task("forecast");
  EXPECT_THAT(std::string(ApplyDefaults(&config).message()), HasSubstr("data.path"));
}

TEST(Config, KeepsTheTasksLearningRateWhenAnotherKeyOfAdamIsGiven) {
  v1::TrainConfig config;
  config.set_task("language_model");
  config.mutable_data()->add_path("book.txt");
  config.mutable_train()->mutable_optimizer()->mutable_adam()->set_weight_decay(0.1);
  ASSERT_TRUE(ApplyDefaults(&config).ok());
  EXPECT_EQ(config.train().optimizer().adam().lr(), 0.01);
  EXPECT_EQ(config.train().optimizer().adam().weight_decay(), 0.1);
}

TEST(Config, KeepsThePatienceWhenAnotherKeyOfEarlyStoppingIsGiven) {
  v1::TrainConfig config;
  config.set_task("language_model");
  config.mutable_data()->add_path("book.txt");
  v1::EarlyStopping* stopping = config.mutable_train()->mutable_early_stopping();
  stopping->set_min_delta(0.1);
  v1::TrainConfig never = config;
  never.mutable_train()->mutable_early_stopping()->set_patience(0);
  ASSERT_TRUE(ApplyDefaults(&config).ok());
  EXPECT_EQ(config.train().early_stopping().patience(), 10u);
  ASSERT_TRUE(ApplyDefaults(&never).ok());
  EXPECT_EQ(never.train().early_stopping().patience(), 0u);
}

TEST(Config, NeedsNothingButTaskAndData) {
  v1::TrainConfig config;
  config.set_task("language_model");
  config.mutable_data()->add_path("book.txt");
  ASSERT_TRUE(ApplyDefaults(&config).ok());
  EXPECT_EQ(config.model().layers_size(), 3);
  EXPECT_EQ(config.output().model(), "model.safetensors");
}

}  // namespace
}  // namespace sequent
