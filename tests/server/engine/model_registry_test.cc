#include "server/engine/model_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/model/model_file.h"
#include "tests/support/models.h"

namespace sequent::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using State = ModelVersion::State;

class ModelRegistryTest : public ::testing::Test {
 protected:
  ModelRegistryTest() {
    std::string pattern = (fs::temp_directory_path() / "sequent_registry_XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~ModelRegistryTest() override { fs::remove_all(root_); }

  // "chars/3": a good model there.
  void WriteModel(const std::string& folder) const {
    fs::create_directories(root_ / folder);
    const Status status =
        WriteModelFile((root_ / folder / "model.safetensors").string(), TinyTextModel());
    ASSERT_TRUE(status.ok()) << status;
  }
  void WriteText(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  void LoadAll() {
    const Status status = registry_.LoadAll(root_.string());
    ASSERT_TRUE(status.ok()) << status;
  }
  // "chars 3 ready default", ...
  std::vector<std::string> Listed() const {
    std::vector<std::string> lines;
    for (const auto& version : registry_.List()) {
      const char* state = version->state == State::kReady    ? " ready"
                          : version->state == State::kFailed ? " failed"
                                                             : " other";
      lines.push_back(version->name + " " + std::to_string(version->version) + state +
                      (version->is_default ? " default" : ""));
    }
    return lines;
  }
  // Of the only version that failed.
  std::string Message() const {
    std::string message;
    for (const auto& version : registry_.List()) {
      if (version->state != State::kFailed) continue;
      EXPECT_EQ(message, "") << "more than one";
      EXPECT_EQ(version->model, nullptr);
      message = version->message;
    }
    return message;
  }
  // The version a name resolves to, 0 if it is MODEL_UNKNOWN.
  int64_t Resolved(const std::string& name, int64_t version) const {
    const auto found = registry_.Resolve(name, version);
    if (found.ok()) return (*found)->version;
    EXPECT_EQ(ReasonOf(found.status()), Reason::kModelUnknown) << found.status();
    return 0;
  }

  fs::path root_;
  ModelRegistry registry_{nullptr};
};

TEST_F(ModelRegistryTest, ARootThatIsNotThereIsNotFoundAndNamed) {
  const Status status = registry_.LoadAll((root_ / "none").string());
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("none"));
}

TEST_F(ModelRegistryTest, ARootThatIsAFileIsNotFound) {
  WriteText("file", "");
  EXPECT_TRUE(absl::IsNotFound(registry_.LoadAll((root_ / "file").string())));
}

TEST_F(ModelRegistryTest, AnEmptyRepositoryIsAllowed) {
  LoadAll();
  EXPECT_THAT(Listed(), IsEmpty());
  EXPECT_EQ(Resolved("chars", 0), 0);
}

TEST_F(ModelRegistryTest, EveryVersionOfEveryModelIsLoaded) {
  for (const char* folder : {"words/2", "chars/10", "chars/2", "chars/1"}) WriteModel(folder);
  LoadAll();
  EXPECT_THAT(Listed(), ElementsAre("chars 1 ready", "chars 2 ready", "chars 10 ready default",
                                    "words 2 ready default"));
}

TEST_F(ModelRegistryTest, ALoadedVersionCanBeUsed) {
  WriteModel("chars/1");
  LoadAll();
  const auto version = registry_.Resolve("chars", 1);
  ASSERT_TRUE(version.ok());
  EXPECT_NE((*version)->model->text_codec(), nullptr);
  EXPECT_GT((*version)->load_seconds, 0);
}

TEST_F(ModelRegistryTest, ModelsAreLoadedInThePrecisionAskedFor) {
  WriteModel("chars/1");
  ModelRegistry registry(nullptr, {.precision = Precision::kInt8});
  ASSERT_TRUE(registry.LoadAll(root_.string()).ok());
  EXPECT_EQ(registry.Resolve("chars", 0).value()->model->precision(), Precision::kInt8);
}

TEST_F(ModelRegistryTest, VersionZeroIsTheNewestAndOthersGoByNumber) {
  for (const char* folder : {"chars/1", "chars/9", "chars/10"}) WriteModel(folder);
  LoadAll();
  EXPECT_EQ(Resolved("chars", 0), 10);
  EXPECT_EQ(Resolved("chars", 1), 1);
  EXPECT_EQ(Resolved("chars", 9), 9);
}

TEST_F(ModelRegistryTest, AnUnknownModelOrVersionIsSaidToBeUnknown) {
  WriteModel("chars/1");
  LoadAll();
  EXPECT_EQ(Resolved("char", 0), 0);
  EXPECT_EQ(Resolved("chars", 2), 0);
  EXPECT_EQ(Resolved("chars", -1), 0);
  EXPECT_EQ(Resolved("", 0), 0);
  const Status status = registry_.Resolve("no\nsuch", 7).status();
  EXPECT_EQ(status.message(), "there is no model 'no\\x0asuch' in version 7");
}

class BadVersionName : public ModelRegistryTest,
                       public ::testing::WithParamInterface<const char*> {};

TEST_P(BadVersionName, IsReportedWithItsPathAndDisturbsNothing) {
  WriteModel("chars/1");
  WriteModel(std::string("chars/") + GetParam());
  LoadAll();
  EXPECT_THAT(Listed(), ElementsAre("chars 0 failed", "chars 1 ready default"));
  EXPECT_THAT(Message(), HasSubstr((root_ / "chars" / GetParam()).string()));
  EXPECT_THAT(Message(), HasSubstr("expected a positive integer"));
  EXPECT_EQ(Resolved("chars", 0), 1);
}

INSTANTIATE_TEST_SUITE_P(Names, BadVersionName,
                         ::testing::Values("0", "-1", "+1", "01", "1.5", "v1", "1 ", " 1", "one",
                                           "0x1", "9223372036854775808", "99999999999999999999",
                                           "latest"));

TEST_F(ModelRegistryTest, TheLargestVersionNumberIsOne) {
  WriteModel("chars/9223372036854775807");
  LoadAll();
  EXPECT_EQ(Resolved("chars", 0), 9223372036854775807);
}

TEST_F(ModelRegistryTest, HiddenFoldersAndFilesAreNoModels) {
  WriteModel(".cache/1");
  WriteModel("chars/.2.tmp");
  WriteModel("chars/1");
  WriteText("README.md", "models");
  WriteText("chars/notes.txt", "of a model");
  LoadAll();
  EXPECT_THAT(Listed(), ElementsAre("chars 1 ready default"));
}

TEST_F(ModelRegistryTest, ADamagedFileIsKeptAsFailedWithItsReason) {
  WriteModel("chars/1");
  WriteModel("chars/2");
  const fs::path file = root_ / "chars/2/model.safetensors";
  fs::resize_file(file, fs::file_size(file) - 1);
  LoadAll();
  EXPECT_THAT(Listed(), ElementsAre("chars 1 ready default", "chars 2 failed"));
  EXPECT_THAT(Message(), HasSubstr(file.string()));
  EXPECT_THAT(Message(), HasSubstr("expected an end within the data's"));
  EXPECT_EQ(Resolved("chars", 2), 0);
}

TEST_F(ModelRegistryTest, AVersionWithoutItsFileIsKeptAsFailed) {
  fs::create_directories(root_ / "chars/1");
  LoadAll();
  EXPECT_THAT(Listed(), ElementsAre("chars 1 failed"));
  EXPECT_THAT(Message(), HasSubstr("chars/1/model.safetensors"));
  EXPECT_THAT(Message(), HasSubstr("No such file"));
  EXPECT_EQ(Resolved("chars", 0), 0);
}

TEST_F(ModelRegistryTest, AFolderInPlaceOfTheFileIsKeptAsFailed) {
  fs::create_directories(root_ / "chars/1/model.safetensors");
  LoadAll();
  EXPECT_THAT(Listed(), ElementsAre("chars 1 failed"));
}

TEST_F(ModelRegistryTest, AModelWithoutVersionsIsKeptAsFailed) {
  fs::create_directories(root_ / "chars");
  LoadAll();
  EXPECT_THAT(Listed(), ElementsAre("chars 0 failed"));
  EXPECT_THAT(Message(), HasSubstr("expected a folder <version>/, found none"));
}

TEST_F(ModelRegistryTest, AModelAddedInMemoryIsServedLikeOneFromAFile) {
  const auto model = Model::Create(TinyTextModel()).value();
  registry_.Add("chars", 1, model);
  EXPECT_THAT(Listed(), ElementsAre("chars 1 ready default"));
  EXPECT_EQ((*registry_.Resolve("chars", 0))->model, model);
}

TEST_F(ModelRegistryTest, ANewerVersionTakesOverAndAnOlderOneDoesNot) {
  const auto model = Model::Create(TinyTextModel()).value();
  registry_.Add("chars", 5, model);
  registry_.Add("chars", 4, model);
  EXPECT_EQ(Resolved("chars", 0), 5);
  registry_.Add("chars", 6, model);
  EXPECT_THAT(Listed(), ElementsAre("chars 4 ready", "chars 5 ready", "chars 6 ready default"));
}

TEST_F(ModelRegistryTest, WhatWasHandedOutStaysAsItWas) {
  const auto model = Model::Create(TinyTextModel()).value();
  registry_.Add("chars", 5, model);
  const auto before = registry_.Resolve("chars", 0).value();
  registry_.Add("chars", 6, model);
  EXPECT_TRUE(before->is_default);
  EXPECT_EQ(before->version, 5);
}

}  // namespace
}  // namespace sequent::engine
