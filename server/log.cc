#include "server/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string_view>

#include "core/base/status.h"

namespace sequent {
namespace {

spdlog::level::level_enum SpdLevel(rpc::Event::Level level) {
  switch (level) {
    case rpc::Event::Level::kInfo:
      return spdlog::level::info;
    case rpc::Event::Level::kWarning:
      return spdlog::level::warn;
    case rpc::Event::Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// In double quotes, as JSON has it, ASCII only; text lines use the same.
std::string QuotedString(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out.append({'\\', static_cast<char>(c)});
    } else if (c >= 0x20 && c < 0x7f) {
      out.push_back(static_cast<char>(c));
    } else {
      out.append("\\u00").append({kHex[c >> 4], kHex[c & 15]});
    }
  }
  return out + '"';
}

bool IsPlain(std::string_view text) {
  if (text.empty()) return false;
  for (const unsigned char c : text) {
    if (c <= 0x20 || c >= 0x7f || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

}  // namespace

std::string TextLine(const rpc::Event& event) {
  std::string line = event.name;
  for (const auto& [key, value] : event.fields) {
    line += StrCat(" ", key, "=", IsPlain(value) ? value : QuotedString(value));
  }
  return line;
}

std::string JsonMembers(const rpc::Event& event) {
  std::string members = StrCat("\"event\":", QuotedString(event.name));
  for (const auto& [key, value] : event.fields) {
    members += StrCat(",", QuotedString(key), ":", QuotedString(value));
  }
  return members;
}

rpc::EventSink MakeLog(const std::string& level, const std::string& format) {
  const bool json = format == "json";
  auto logger = std::make_shared<spdlog::logger>("sequent-server",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(
      json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
      spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  return [logger, json](const rpc::Event& event) {
    logger->log(SpdLevel(event.level), json ? JsonMembers(event) : TextLine(event));
  };
}

}  // namespace sequent
