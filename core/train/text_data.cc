#include "core/train/text_data.h"

#include <algorithm>
#include <cstdint>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/model/utf8.h"

namespace sequent::train {
namespace {

bool IsLead(char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }

// The first byte that belongs to no valid sequence, or the size.
size_t FirstInvalid(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = Utf8Length(static_cast<uint8_t>(text[at]));
    if (length == 0 || at + length > text.size()) return at;
    if (length > 1 && !DecodeCodePoint(text.substr(at, length))) return at;
    at += length;
  }
  return at;
}

Status CheckText(const std::string& path, std::string_view text) {
  if (text.empty()) return absl::DataLossError(StrCat(path, ": expected text, got an empty file"));
  const size_t bad = FirstInvalid(text);
  if (bad == text.size()) return absl::OkStatus();
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(bad), '\n');
  return absl::DataLossError(StrCat(path, ": expected UTF-8 text, got '",
                                    Quoted(text.substr(bad, 1)), "' at byte ", bad, " (line ", line,
                                    ")"));
}

}  // namespace

StatusOr<std::string> ReadText(const std::vector<std::string>& paths) {
  std::string all;
  for (const std::string& path : paths) {
    SEQ_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    SEQ_RETURN_IF_ERROR(CheckText(path, text));
    all += text;
  }
  return all;
}

size_t CountCodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), IsLead));
}

std::string_view TextPart(std::string_view text, const Part& part) {
  size_t point = 0, begin = text.size(), end = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsLead(text[i])) continue;
    if (point == part.begin) begin = i;
    if (point == part.end) {
      end = i;
      break;
    }
    ++point;
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

size_t CountLines(std::string_view text) {
  const auto ends = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  return text.empty() || text.back() == '\n' ? ends : ends + 1;
}

std::string_view LinePart(std::string_view text, const Part& part) {
  size_t begin = 0;
  for (size_t i = 0; i < part.begin; ++i) begin = text.find('\n', begin) + 1;
  size_t end = begin;
  for (size_t i = part.begin; i < part.end; ++i)
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  return text.substr(begin, end - begin);
}

}  // namespace sequent::train
