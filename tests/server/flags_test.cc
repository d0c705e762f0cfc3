// The flags of sequent-server: where values come from, and how bad ones are refused.
#include "server/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "server/flag_values.h"
#include "server/log.h"

namespace sequent {
namespace {

using testing::HasSubstr;

class Flags : public testing::Test {
 protected:
  ~Flags() override {
    for (const std::string& name : set_) unsetenv(name.c_str());
    if (!file_.empty()) std::filesystem::remove(file_);
  }

  void SetEnvironment(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }
  // A --config file that says this.
  std::string Config(const std::string& text) {
    file_ = testing::TempDir() + "flags_test_" + std::to_string(getpid()) + ".toml";
    std::ofstream(file_) << text;
    return "--config=" + file_;
  }
  std::optional<int> Parse(std::vector<std::string> flags) {
    flags.insert(flags.begin(), "sequent-server");
    std::vector<const char*> argv;
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    const auto code = ParseFlags(static_cast<int>(argv.size()), argv.data(), &options);
    error = testing::internal::GetCapturedStderr();
    output = testing::internal::GetCapturedStdout();
    return code;
  }
  void MustParse(std::vector<std::string> flags) {
    flags.push_back("--repository=/models");
    EXPECT_EQ(Parse(flags), std::nullopt) << error;
  }
  // Refused as bad usage, and the message names the flag.
  void ExpectRefused(const std::string& flag) {
    options = {};
    EXPECT_EQ(Parse({"--repository=/models", flag}), std::optional<int>(kExitUsage)) << flag;
    EXPECT_THAT(error, HasSubstr(flag.substr(0, flag.find('=')))) << flag;
  }

  ProgramOptions options;
  std::string error, output;

 private:
  std::vector<std::string> set_;
  std::string file_;
};

TEST_F(Flags, WithoutAnyTheDefaultsOfTheOptionsHold) {
  const ProgramOptions defaults;
  MustParse({});
  EXPECT_EQ(options.server.repository, "/models");
  EXPECT_EQ(options.server.precision, std::nullopt);
  EXPECT_EQ(options.server.listen, defaults.server.listen);
  EXPECT_EQ(options.server.engine.session_ttl_seconds, 900);
  EXPECT_EQ(options.server.drain_timeout_seconds, 8);
  EXPECT_EQ(options.server.engine.max_reply_bytes, size_t{2} << 20);
}

TEST_F(Flags, EachSetsItsOption) {
  MustParse({"--listen=127.0.0.1:1",      "--metrics-listen=127.0.0.1:2",
             "--drain-timeout=3s",        "--threads=4",
             "--max-batch-rows=5",        "--max-tick-steps=6",
             "--tick-budget=7ms",         "--max-sessions=8",
             "--session-ttl=9m",          "--max-session-bytes=10MiB",
             "--reply-retention=11s",     "--max-queued-steps=12",
             "--max-session-queue=13",    "--max-inflight-per-stream=14",
             "--max-message-bytes=15KiB", "--max-reply-bytes=16KiB",
             "--max-connections=17",      "--max-rollout-steps=18",
             "--max-rollout-samples=19",  "--log-level=error",
             "--log-format=json",         "--precision=int8",
             "--max-sequence-steps=20"});
  const rpc::ServerOptions& server = options.server;
  EXPECT_EQ(server.listen, "127.0.0.1:1");
  EXPECT_EQ(server.metrics_listen, "127.0.0.1:2");
  EXPECT_EQ(server.drain_timeout_seconds, 3);
  EXPECT_EQ(server.engine.threads, 4u);
  EXPECT_EQ(server.engine.max_batch_rows, 5u);
  EXPECT_EQ(server.engine.max_tick_steps, 6u);
  EXPECT_NEAR(server.engine.tick_budget_seconds, 0.007, 1e-12);
  EXPECT_EQ(server.engine.max_sessions, 8u);
  EXPECT_EQ(server.engine.session_ttl_seconds, 540);
  EXPECT_EQ(server.engine.max_session_bytes, size_t{10} << 20);
  EXPECT_EQ(server.engine.reply_retention_seconds, 11);
  EXPECT_EQ(server.engine.max_queued_steps, 12u);
  EXPECT_EQ(server.engine.max_session_queue, 13u);
  EXPECT_EQ(server.max_inflight_per_stream, 14u);
  EXPECT_EQ(server.max_message_bytes, size_t{15} << 10);
  EXPECT_EQ(server.engine.max_reply_bytes, size_t{16} << 10);
  EXPECT_EQ(server.max_connections, 17u);
  EXPECT_EQ(server.engine.max_rollout_steps, 18u);
  EXPECT_EQ(server.engine.max_rollout_samples, 19u);
  EXPECT_EQ(server.engine.max_sequence_steps, 20u);
  EXPECT_EQ(server.precision, Precision::kInt8);
  EXPECT_EQ(options.log_level, "error");
  EXPECT_EQ(options.log_format, "json");
}

TEST_F(Flags, MayComeFromTheEnvironment) {
  SetEnvironment("SEQUENT_MAX_SESSIONS", "5");
  SetEnvironment("SEQUENT_REPOSITORY", "/from-environment");
  EXPECT_EQ(Parse({}), std::nullopt) << error;
  EXPECT_EQ(options.server.engine.max_sessions, 5u);
  EXPECT_EQ(options.server.repository, "/from-environment");
}

TEST_F(Flags, MayComeFromAFile) {
  MustParse({Config("max-sessions = 6\nsession-ttl = \"2m\"\n")});
  EXPECT_EQ(options.server.engine.max_sessions, 6u);
  EXPECT_EQ(options.server.engine.session_ttl_seconds, 120);
}

TEST_F(Flags, TheFileWinsOverTheEnvironment) {
  SetEnvironment("SEQUENT_MAX_SESSIONS", "5");
  MustParse({Config("max-sessions = 6\n")});
  EXPECT_EQ(options.server.engine.max_sessions, 6u);
}

TEST_F(Flags, TheCommandLineWinsOverBoth) {
  SetEnvironment("SEQUENT_MAX_SESSIONS", "5");
  MustParse({Config("max-sessions = 6\n"), "--max-sessions=7"});
  EXPECT_EQ(options.server.engine.max_sessions, 7u);
}

TEST_F(Flags, BadValuesAreRefusedByName) {
  for (const char* flag : {"--threads=-1",
                           "--threads=two",
                           "--max-sessions=0",
                           "--max-sessions=1.5",
                           "--session-ttl=15",
                           "--session-ttl=soon",
                           "--session-ttl=-1s",
                           "--session-ttl=0s",
                           "--tick-budget=0",
                           "--max-message-bytes=4Mib",
                           "--max-message-bytes=1B",
                           "--max-message-bytes=2GiB",
                           "--max-reply-bytes=1",
                           "--listen=8001",
                           "--listen=host:port",
                           "--metrics-listen=:80",
                           "--precision=fp16",
                           "--precision=",
                           "--log-level=loud",
                           "--log-format=xml",
                           "--max-connections=0",
                           "--drain-timeout=nan",
                           "--max-queued-steps=99999999999999999999"}) {
    ExpectRefused(flag);
  }
}

TEST_F(Flags, ABadValueInTheEnvironmentIsRefusedByItsFlag) {
  SetEnvironment("SEQUENT_SESSION_TTL", "soon");
  EXPECT_EQ(Parse({"--repository=/models"}), std::optional<int>(kExitUsage));
  EXPECT_THAT(error, HasSubstr("--session-ttl"));
}

TEST_F(Flags, AnUnknownKeyInTheFileIsRefused) {
  EXPECT_EQ(Parse({"--repository=/models", Config("max-sesions = 6\n")}),
            std::optional<int>(kExitUsage));
  EXPECT_THAT(error, HasSubstr("max-sesions"));
}

TEST_F(Flags, AFileThatIsNotThereIsRefused) {
  EXPECT_EQ(Parse({"--repository=/models", "--config=/not/there.toml"}),
            std::optional<int>(kExitUsage));
}

TEST_F(Flags, WithoutARepositoryNothingStarts) {
  EXPECT_EQ(Parse({}), std::optional<int>(kExitUsage));
  EXPECT_THAT(error, HasSubstr("--repository"));
}

TEST_F(Flags, AnUnknownFlagIsRefused) { ExpectRefused("--max-sesions=1"); }

TEST_F(Flags, HelpAndVersionEndWell) {
  options.server.version = "1.2.3";
  EXPECT_EQ(Parse({"--help"}), std::optional<int>(0));
  EXPECT_THAT(output, HasSubstr("--session-ttl"));
  EXPECT_THAT(output, HasSubstr("15m"));
  EXPECT_EQ(Parse({"--version"}), std::optional<int>(0));
  EXPECT_THAT(output, HasSubstr("1.2.3"));
}

// ---- values as people write them ----

TEST(FlagValues, DurationsNeedAUnit) {
  EXPECT_EQ(*ParseDuration("8s"), 8);
  EXPECT_EQ(*ParseDuration("1.5m"), 90);
  EXPECT_EQ(*ParseDuration("2h"), 7200);
  EXPECT_NEAR(*ParseDuration("250us"), 250e-6, 1e-12);
  EXPECT_EQ(*ParseDuration("0"), 0);
  for (const char* text : {"", "8", "s", "-1s", "8 s", "8d", "infs", "nan", "1e999s"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(FlagValues, SizesAreBytesUnlessTheySay) {
  EXPECT_EQ(*ParseSize("4096"), 4096u);
  EXPECT_EQ(*ParseSize("4MiB"), size_t{4} << 20);
  EXPECT_EQ(*ParseSize("2MB"), 2'000'000u);
  EXPECT_EQ(*ParseSize("1.5KiB"), 1536u);
  for (const char* text : {"", "MiB", "-1", "4 MiB", "4mb", "0.5", "1e30"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(FlagValues, PrintedValuesMeanTheSame) {
  for (const char* text : {"8s", "15m", "2ms", "1h", "25us"}) {
    EXPECT_EQ(FormatDuration(*ParseDuration(text)), text);
  }
  for (const char* text : {"4MiB", "512KiB", "1GiB", "100"}) {
    EXPECT_EQ(FormatSize(*ParseSize(text)), text);
  }
}

// ---- lines of the log ----

TEST(Log, AFieldThatWouldBreakALineIsQuoted) {
  const rpc::Event event{rpc::Event::Level::kInfo, "listening", {{"port", "8001"}, {"a", "b c\n"}}};
  EXPECT_EQ(TextLine(event), "listening port=8001 a=\"b c\\u000a\"");
  EXPECT_EQ(JsonMembers(event), R"("event":"listening","port":"8001","a":"b c\u000a")");
}

}  // namespace
}  // namespace sequent
