#include "core/model/config_check.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/model/utf8.h"

namespace sequent {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

Status Expected(std::string_view path, std::string_view expected, std::string_view got) {
  return absl::InvalidArgumentError(
      StrCat(ToAbsl(path), ": expected ", ToAbsl(expected), ", got ", ToAbsl(got)));
}

Status CheckCount(std::string_view path, uint64_t value, uint64_t max) {
  if (value >= 1 && value <= max) return absl::OkStatus();
  return Expected(path, StrCat("1..", max), StrCat(value));
}

Status CheckName(std::string_view path, std::string_view name) {
  const bool good = !name.empty() && name.size() <= kMaxNameBytes &&
                    std::all_of(name.begin(), name.end(), IsNameCharacter);
  if (good) return absl::OkStatus();
  return Expected(path, "1 to 64 characters of A-Z a-z 0-9 _ -", StrCat("'", Quoted(name), "'"));
}

Status CheckLabel(std::string_view path, std::string_view label) {
  if (!label.empty() && label.size() <= kMaxLabelBytes && IsUtf8(label)) return absl::OkStatus();
  return Expected(path, StrCat("a name of 1 to ", kMaxLabelBytes, " bytes of UTF-8"),
                  StrCat("'", Quoted(label), "'"));
}

StatusOr<size_t> CheckChoice(std::string_view path, std::string_view value,
                             std::span<const std::string_view> choices) {
  if (value.empty()) return size_t{0};
  const auto found = std::find(choices.begin(), choices.end(), value);
  if (found != choices.end()) return static_cast<size_t>(found - choices.begin());
  std::string list;
  for (const std::string_view choice : choices) {
    absl::StrAppend(&list, list.empty() ? "" : " | ", ToAbsl(choice));
  }
  const std::string_view nearest = Nearest(value, choices.data(), choices.size());
  std::string got = StrCat("'", Quoted(value), "'");
  if (!nearest.empty()) absl::StrAppend(&got, "; did you mean '", ToAbsl(nearest), "'?");
  return Expected(path, list, got);
}

std::string Indexed(std::string_view list, size_t index) {
  return StrCat(ToAbsl(list), "[", index, "]");
}

}  // namespace sequent
