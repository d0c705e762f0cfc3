#include "core/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sequent {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sequent_file_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::string Content(const std::string& name) const {
    const auto content = ReadFile(Path(name));
    return content.ok() ? *content : content.status().ToString();
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  std::string folder_;
};

std::vector<std::string> OnlyA() { return {"a"}; }

TEST_F(FileTest, WhatIsWrittenIsRead) {
  const std::string bytes("line\n\0\xff more", 12);
  ASSERT_TRUE(WriteFileAtomically(Path("a"), bytes).ok());
  EXPECT_EQ(Content("a"), bytes);
  EXPECT_EQ(Names(), OnlyA());
}

TEST_F(FileTest, PartsAreWrittenOneAfterAnother) {
  const std::string large(1 << 20, 'x');
  const std::array<std::string_view, 4> parts = {"head ", "", large, " tail"};
  ASSERT_TRUE(WriteFileAtomically(Path("a"), parts).ok());
  EXPECT_EQ(Content("a"), "head " + large + " tail");
}

TEST_F(FileTest, AnEmptyFileIsAFile) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "").ok());
  EXPECT_EQ(Content("a"), "");
  const auto mapped = MappedFile::Open(Path("a"));
  ASSERT_TRUE(mapped.ok());
  EXPECT_EQ(mapped->bytes(), "");
}

TEST_F(FileTest, TheNewContentReplacesTheOld) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "the old and longer one").ok());
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "new").ok());
  EXPECT_EQ(Content("a"), "new");
}

TEST_F(FileTest, APathWithoutAFolderIsInTheCurrentOne) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  const Status status = WriteFileAtomically("a", "here");
  std::filesystem::current_path(before);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(Content("a"), "here");
}

TEST_F(FileTest, AReaderNeverSeesAHalfWrittenFile) {
  constexpr size_t kBytes = 1 << 18;
  ASSERT_TRUE(WriteFileAtomically(Path("a"), std::string(kBytes, 'a')).ok());
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 1; i <= 20; ++i) {
      const std::string content(kBytes, static_cast<char>('a' + i));
      EXPECT_TRUE(WriteFileAtomically(Path("a"), content).ok());
    }
    done = true;
  });
  while (!done) {
    const std::string content = Content("a");
    EXPECT_EQ(content, std::string(kBytes, content[0]));
  }
  writer.join();
  EXPECT_EQ(Content("a"), std::string(kBytes, 'a' + 20));
}

TEST_F(FileTest, WritersOfOneFileDoNotMixTheirContents) {
  constexpr size_t kBytes = 1 << 20;
  std::atomic<int> left{3};
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&, w] {
      const std::string content(kBytes, static_cast<char>('a' + w));
      for (int i = 0; i < 10; ++i) EXPECT_TRUE(WriteFileAtomically(Path("a"), content).ok());
      --left;
    });
  }
  while (left > 0) {
    if (!std::filesystem::exists(Path("a"))) continue;
    const std::string content = Content("a");
    EXPECT_TRUE(content == std::string(kBytes, content[0])) << content.size();
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(Names(), OnlyA());
}

TEST_F(FileTest, AMissingFolderIsNotFoundAndNamed) {
  const Status status = WriteFileAtomically(Path("none/a"), "x");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_NE(Message(status).find("none/a"), std::string_view::npos) << status;
  EXPECT_NE(Message(status).find("No such file or directory"), std::string_view::npos) << status;
}

TEST_F(FileTest, AFolderIsNotReplaced) {
  ASSERT_EQ(mkdir(Path("a").c_str(), 0755), 0);
  EXPECT_FALSE(WriteFileAtomically(Path("a"), "x").ok());
  EXPECT_TRUE(std::filesystem::is_directory(Path("a")));
  EXPECT_EQ(Names(), OnlyA());
}

// /dev/full answers every write as a full disk does. The temporary file is led there by a link.
TEST_F(FileTest, AFullDiskLeavesTheOldFileAndNothingElse) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old").ok());
  const std::string temporary = Path("a.tmp." + std::to_string(getpid()));
  ASSERT_EQ(symlink("/dev/full", temporary.c_str()), 0);
  const Status status = WriteFileAtomically(Path("a"), "new");
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_NE(Message(status).find("No space left on device"), std::string_view::npos) << status;
  EXPECT_EQ(Content("a"), "old");
  EXPECT_EQ(Names(), OnlyA());
}

// A file that may not grow beyond a limit takes the first part and fails inside of the second.
TEST_F(FileTest, AWriteThatFailsHalfwayLeavesTheOldFileAndNothingElse) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old").ok());
  const auto write_over_the_limit = [this] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 10000, .rlim_max = 10000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) std::_Exit(2);
    const std::string part(8000, 'x');
    const std::array<std::string_view, 2> parts = {part, part};
    std::_Exit(WriteFileAtomically(Path("a"), parts).ok() ? 1 : 0);
  };
  EXPECT_EXIT(write_over_the_limit(), ::testing::ExitedWithCode(0), "");
  EXPECT_EQ(Content("a"), "old");
  EXPECT_EQ(Names(), OnlyA());
}

TEST_F(FileTest, ReadingNothingIsNotFoundAndNamed) {
  for (const Status& status :
       {ReadFile(Path("none")).status(), MappedFile::Open(Path("none")).status()}) {
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_NE(Message(status).find(Path("none")), std::string_view::npos) << status;
  }
}

TEST_F(FileTest, AFileUsedAsAFolderIsNotFound) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "x").ok());
  EXPECT_TRUE(absl::IsNotFound(ReadFile(Path("a/b")).status()));
}

TEST_F(FileTest, AFolderIsNoFileToRead) {
  EXPECT_TRUE(absl::IsInvalidArgument(ReadFile(folder_).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MappedFile::Open(folder_).status()));
}

TEST_F(FileTest, ADeviceIsNoFileToRead) {
  EXPECT_TRUE(absl::IsInvalidArgument(ReadFile("/dev/zero").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MappedFile::Open("/dev/zero").status()));
}

TEST_F(FileTest, AMappedFileHasTheWholeContent) {
  const std::string bytes(12345, 'm');
  ASSERT_TRUE(WriteFileAtomically(Path("a"), bytes).ok());
  const auto mapped = MappedFile::Open(Path("a"));
  ASSERT_TRUE(mapped.ok());
  EXPECT_EQ(mapped->bytes(), bytes);
}

TEST_F(FileTest, AMappedFileKeepsItsContentWhenTheFileIsReplaced) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old").ok());
  const auto mapped = MappedFile::Open(Path("a"));
  ASSERT_TRUE(mapped.ok());
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "new").ok());
  EXPECT_EQ(mapped->bytes(), "old");
}

TEST_F(FileTest, AMappedFileMoves) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "first").ok());
  ASSERT_TRUE(WriteFileAtomically(Path("b"), "second").ok());
  MappedFile a = MappedFile::Open(Path("a")).value();
  MappedFile moved = std::move(a);
  EXPECT_EQ(moved.bytes(), "first");
  moved = MappedFile::Open(Path("b")).value();
  EXPECT_EQ(moved.bytes(), "second");
}

}  // namespace
}  // namespace sequent
