#include "trainer/metrics_log.h"

#include <filesystem>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "trainer/json_text.h"

namespace sequent {
namespace {

// The lines of the run up to its start, whole ones only.
std::string Kept(const std::string& text, const train::StartEvent& start) {
  std::string kept;
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("update") || !json["update"].is_number_unsigned())
      break;
    const auto update = json["update"].get<uint64_t>();
    if (update > start.update) break;
    if (update == start.update && json.contains("validation") && !start.validated) break;
    kept += line + "\n";
  }
  return kept;
}

}  // namespace

std::string MeasuresToJson(const train::Measures& measures) {
  return JsonText(nlohmann::json(measures));
}

StatusOr<std::unique_ptr<MetricsLog>> MetricsLog::Open(const std::string& path,
                                                       const train::StartEvent& start) {
  std::string kept;
  std::error_code none;
  if (start.update > 0 && std::filesystem::exists(path, none)) {
    SEQ_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    kept = Kept(text, start);
  }
  SEQ_RETURN_IF_ERROR(WriteFileAtomically(path, kept));
  std::unique_ptr<MetricsLog> log(new MetricsLog(path));
  if (!log->out_) return absl::UnavailableError(StrCat(path, ": cannot be opened for writing"));
  return log;
}

void MetricsLog::Add(const train::UpdateEvent& event) {
  const nlohmann::ordered_json json = {{"update", event.update}, {"epoch", event.epoch},
                                       {"loss", event.loss},     {"grad_norm", event.grad_norm},
                                       {"lr", event.lr},         {"seconds", event.seconds}};
  out_ << JsonText(json) + "\n" << std::flush;
}

void MetricsLog::Add(const train::ValidationEvent& event) {
  const nlohmann::ordered_json json = {{"update", event.update}, {"validation", event.measures}};
  out_ << JsonText(json) + "\n" << std::flush;
}

Status MetricsLog::Close() {
  out_.close();
  if (out_) return absl::OkStatus();
  return absl::UnavailableError(StrCat(path_, ": could not be written"));
}

}  // namespace sequent
