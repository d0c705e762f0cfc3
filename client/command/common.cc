#include "client/command/common.h"

#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <limits>
#include <optional>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/iso_time.h"

namespace sequent::client {
namespace {

std::string_view Trimmed(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

StatusOr<float> ParseNumber(std::string_view cell) {
  cell = Trimmed(cell);
  if (cell.empty() || cell == "NA") return std::numeric_limits<float>::quiet_NaN();
  float value = 0;
  if (!absl::SimpleAtof(ToAbsl(cell), &value)) {
    return absl::InvalidArgumentError(StrCat("expected a number, got '", Quoted(cell), "'"));
  }
  return value;
}

// A date in front of a row, which is its time: taken off. A year alone is a number.
// `alone`: nothing stands behind it, not even an empty cell.
std::optional<int64_t> TakeTime(std::string_view* line, bool* alone) {
  const size_t comma = line->find(',');
  const std::string_view cell = Trimmed(line->substr(0, comma));
  if (cell.find('-', 1) == cell.npos) return {};
  const auto time = ParseIsoTime(cell);
  *alone = comma == line->npos;
  if (time) line->remove_prefix(comma == line->npos ? line->size() : comma + 1);
  return time;
}

StatusOr<std::vector<int32_t>> ParseTokens(std::string_view list) {
  std::vector<int32_t> ids;
  for (const absl::string_view cell :
       absl::StrSplit(ToAbsl(list), absl::ByAnyChar(", \n\t"), absl::SkipEmpty())) {
    int32_t id = 0;
    if (!absl::SimpleAtoi(cell, &id)) {
      return absl::InvalidArgumentError(
          StrCat("expected a token id, got '", Quoted(ToStd(cell)), "'"));
    }
    ids.push_back(id);
  }
  return ids;
}

StatusOr<Input> RowsInput(std::string_view text, char separator) {
  SEQ_ASSIGN_OR_RETURN(const v1::FloatSteps rows, ParseRows(text, separator));
  const auto& values = rows.values();
  return Input::Rows({values.data(), static_cast<size_t>(values.size())}, rows.width(),
                     {rows.unix_ms().data(), static_cast<size_t>(rows.unix_ms_size())});
}

StatusOr<std::string> ReadFileOrStdin(const std::string& path) {
  if (path != "-") return ReadFile(path);
  std::ostringstream all;
  all << std::cin.rdbuf();
  return all.str();
}

std::string JoinRow(const v1::FloatSteps& steps, int step) {
  std::string line;
  const int width = static_cast<int>(std::max<uint32_t>(1, steps.width()));
  for (int i = step * width; i < (step + 1) * width && i < steps.values_size(); ++i) {
    absl::StrAppend(&line, line.empty() ? "" : " ", Short(steps.values(i)));
  }
  return line;
}

std::string Printable(const std::string& label) {
  return label == "\n"                          ? "\\n"
         : label == " "                         ? "' '"
         : Quoted(label).size() == label.size() ? label
                                                : Quoted(label);
}

}  // namespace

void Fail(Globals* globals, const Status& status) {
  const Reason reason = ReasonOf(status);
  const std::string name = reason == Reason::kUnspecified ? absl::StatusCodeToString(status.code())
                                                          : std::string(ReasonName(reason));
  std::fprintf(stderr, "sequent: %s: %s\n", name.c_str(), std::string(status.message()).c_str());
  globals->exit_code = kExitFailed;
}

std::unique_ptr<Client> ConnectOrFail(Globals* globals) {
  auto client = Client::Connect(globals->options);
  if (client.ok()) return *std::move(client);
  Fail(globals, client.status());
  globals->exit_code = kExitUsage;
  return nullptr;
}

void ModelFlags::Add(CLI::App* command, bool required) {
  command->add_option("-m,--model", model, "Model to use")->required(required);
  command->add_option("--model-version", version, "Its version; 0 = the default one")
      ->capture_default_str();
}

void OutputFlags::Add(CLI::App* command) {
  command->add_option("--heads", heads, "Heads to answer with (default: all)")->delimiter(',');
  command->add_flag("--last", last, "Answer for the last step only");
  command->add_option("--top-k", top_k, "Classes per step, most probable first (0 = the server's)");
  command->add_flag("--raw", raw, "The model's own units: logits, scaled values");
  command->add_flag("--score", score, "Say how well each input was predicted before it came");
}

v1::OutputSelection OutputFlags::Selection() const {
  v1::OutputSelection selection;
  for (const std::string& head : heads) selection.add_heads(head);
  selection.set_last_step_only(last);
  selection.set_top_k(top_k);
  selection.set_raw(raw);
  selection.set_score(score);
  return selection;
}

void InputFlags::Add(CLI::App* command) {
  CLI::Option_group* group = command->add_option_group("input", "What goes in (one of)");
  group->add_option("-t,--text", text, "Text");
  group->add_option("--tokens", tokens, "Token ids: 3,1,4");
  group->add_option(
      "-v,--values", values,
      "Rows of values: '20.7,1012;17.9,1009'; nan = missing; a date in front is the row's time");
  group->add_option("-f,--file", file, "A file (- = stdin): text, or a row per line");
  group->require_option(0, 1);
}

bool InputFlags::Given() const {
  return !text.empty() || !tokens.empty() || !values.empty() || !file.empty();
}

StatusOr<Input> InputFlags::Read(const std::string& kind) const {
  if (!text.empty()) return Input::Text(text);
  if (!tokens.empty()) {
    SEQ_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, ParseTokens(tokens));
    return Input::Tokens(ids);
  }
  if (!values.empty()) return RowsInput(values, ';');
  if (file.empty()) return Input::Text("");
  SEQ_ASSIGN_OR_RETURN(const std::string content, ReadFileOrStdin(file));
  if (kind == "text") return Input::Text(content);
  if (kind == "tokens") {
    SEQ_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, ParseTokens(content));
    return Input::Tokens(ids);
  }
  return RowsInput(content, '\n');
}

StatusOr<std::string> InputKind(const ModelFlags& model, const std::string& session,
                                Client* client) {
  std::string name = model.model;
  int64_t version = model.version;
  if (name.empty()) {
    if (session.empty()) {
      return absl::InvalidArgumentError("expected --model, or --session with a live session's id");
    }
    SEQ_ASSIGN_OR_RETURN(const v1::SessionInfo info, client->GetSession(session));
    name = info.model();
    version = info.version();
  }
  SEQ_ASSIGN_OR_RETURN(const v1::GetModelResponse info, client->GetModel(name, version));
  return info.model().input().kind();
}

StatusOr<std::vector<float>> ParseRow(std::string_view line) {
  std::vector<float> row;
  for (const absl::string_view cell : absl::StrSplit(ToAbsl(line), ',')) {
    SEQ_ASSIGN_OR_RETURN(const float value, ParseNumber(ToStd(cell)));
    row.push_back(value);
  }
  return row;
}

StatusOr<v1::FloatSteps> ParseRows(std::string_view text, char separator) {
  v1::FloatSteps rows;
  size_t row_number = 0;
  for (const absl::string_view whole : absl::StrSplit(ToAbsl(text), separator)) {
    ++row_number;
    std::string_view line = ToStd(whole);
    if (Trimmed(line).empty()) continue;
    bool alone = false;
    if (const auto time = TakeTime(&line, &alone)) {
      rows.add_unix_ms(*time);
      if (alone) continue;
    }
    const auto row = ParseRow(line);
    if (!row.ok()) {
      return absl::InvalidArgumentError(StrCat("row ", row_number, ": ", row.status().message()));
    }
    if (rows.width() == 0) rows.set_width(static_cast<uint32_t>(row->size()));
    if (row->size() != rows.width()) {
      return absl::InvalidArgumentError(StrCat("row ", row_number, ": expected ", rows.width(),
                                               " values like the rows before it, got ",
                                               row->size()));
    }
    rows.mutable_values()->Add(row->begin(), row->end());
  }
  return rows;
}

StatusOr<Input> ParseLine(const std::string& kind, std::string_view line) {
  if (kind == "text") return Input::Text(StrCat(ToAbsl(line), "\n"));
  if (kind == "tokens") {
    SEQ_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, ParseTokens(line));
    return Input::Tokens(ids);
  }
  bool alone = false;
  const auto time = TakeTime(&line, &alone);
  SEQ_ASSIGN_OR_RETURN(const std::vector<float> row, ParseRow(line));
  if (!time) return Input::Row(row);
  return Input::Row(row, {&*time, 1});
}

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "{}";
  return json;
}

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return text;
}

void PrintTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    std::puts(line.c_str());
  }
}

int StepsOf(const v1::HeadOutput& head) {
  const auto steps = [](const v1::FloatSteps& values) {
    return values.width() == 0 ? 0 : values.values_size() / static_cast<int>(values.width());
  };
  switch (head.output_case()) {
    case v1::HeadOutput::kClasses:
      return head.classes().steps_size();
    case v1::HeadOutput::kDistribution:
      return steps(head.distribution().mean());
    case v1::HeadOutput::kValues:
      return steps(head.values());
    case v1::HeadOutput::kText:
      return 1;
    default:
      return 0;
  }
}

std::string DescribeStep(const v1::HeadOutput& head, int step) {
  std::string line;
  switch (head.output_case()) {
    case v1::HeadOutput::kClasses:
      for (const v1::ClassScore& score : head.classes().steps(step).scores()) {
        const std::string name =
            score.label().empty() ? StrCat("#", score.id()) : Printable(score.label());
        absl::StrAppend(&line, line.empty() ? "" : "  ", name, " ", Short(score.probability()));
      }
      return line;
    case v1::HeadOutput::kDistribution:
      line = JoinRow(head.distribution().mean(), step);
      if (const std::string scale = JoinRow(head.distribution().scale(), step); !scale.empty()) {
        absl::StrAppend(&line, " +- ", scale);
      }
      return line;
    case v1::HeadOutput::kValues:
      return JoinRow(head.values(), step);
    case v1::HeadOutput::kText:
      return head.text();
    default:
      return line;
  }
}

void PrintPrediction(const v1::PredictResponse& response) {
  std::vector<std::vector<std::string>> rows = {{"head", "row", "output"}};
  for (const v1::HeadOutput& head : response.heads()) {
    for (int step = 0; step < StepsOf(head); ++step) {
      rows.push_back({head.name(), StrCat(step + 1), DescribeStep(head, step)});
    }
  }
  if (rows.size() > 1) PrintTable(rows);
  if (!response.scores().empty()) {
    std::string line = "scores:";
    for (const float score : response.scores()) absl::StrAppend(&line, " ", Short(score));
    std::puts(line.c_str());
  }
  if (!response.session_id().empty()) {
    std::printf("session %s, model %s version %lld, next step %llu%s\n",
                response.session_id().c_str(), response.model().c_str(),
                static_cast<long long>(response.version()),
                static_cast<unsigned long long>(response.next_step()),
                response.replayed() ? " (replayed)" : "");
  }
}

}  // namespace sequent::client
