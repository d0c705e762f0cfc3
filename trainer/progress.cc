#include "trainer/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/status.h"
#include "core/model/config_check.h"

namespace sequent {
namespace {

constexpr double kBarSeconds = 0.1, kLineSeconds = 5;

size_t Columns(std::FILE* out) {
  winsize size{};
  if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// The bar and the text in less than `columns`: a line that wraps could not be taken back.
std::string BarLine(double done, const std::string& text, size_t columns) {
  constexpr size_t kLongest = 24, kShortest = 8, kFrame = 4;  // brackets, blank, last column
  if (columns < text.size() + kFrame + kShortest) return text.substr(0, columns - 1);
  const size_t width = std::min(kLongest, columns - kFrame - text.size());
  const auto full = static_cast<size_t>(std::clamp(done, 0.0, 1.0) * static_cast<double>(width));
  return StrCat("[", std::string(full, '='), std::string(width - full, ' '), "] ", text);
}

std::string Left(double seconds) {
  char text[32];
  const long whole = static_cast<long>(seconds + 0.5);
  std::snprintf(text, sizeof(text), "%ld:%02ld left", whole / 60, whole % 60);
  return text;
}

}  // namespace

StatusOr<ProgressKind> ParseProgress(const std::string& text, std::FILE* out) {
  static constexpr std::string_view kKinds[] = {"auto", "none", "plain", "bar"};
  SEQ_ASSIGN_OR_RETURN(const size_t kind, CheckChoice("--progress", text, kKinds));
  if (kind == 0) return isatty(fileno(out)) ? ProgressKind::kBar : ProgressKind::kPlain;
  return static_cast<ProgressKind>(kind - 1);
}

std::string Progress::Describe(const train::UpdateEvent& event) const {
  char text[160];
  const double speed = event.seconds > 0 ? static_cast<double>(symbols_) / event.seconds : 0;
  std::snprintf(text, sizeof(text), "epoch %.2f  update %llu/%llu  loss %.4f  %.0f %s/s",
                event.epoch, static_cast<unsigned long long>(event.update),
                static_cast<unsigned long long>(event.updates), event.loss, speed, unit_.c_str());
  std::string line = text;
  const uint64_t done = event.update - first_update_ + 1;
  if (event.updates >= event.update && event.updates > 0) {
    line += "  " + Left(event.seconds / static_cast<double>(done) *
                        static_cast<double>(event.updates - event.update));
  }
  return line;
}

void Progress::Update(const train::UpdateEvent& event) {
  if (first_update_ == 0) first_update_ = event.update;
  symbols_ += event.symbols;
  if (kind_ == ProgressKind::kNone) return;
  const double pause = kind_ == ProgressKind::kBar ? kBarSeconds : kLineSeconds;
  if (event.seconds - shown_at_ < pause) return;
  shown_at_ = event.seconds;
  if (kind_ == ProgressKind::kPlain) {
    std::fprintf(out_, "%s\n", Describe(event).c_str());
  } else {
    const double all = static_cast<double>(std::max<uint64_t>(event.updates, 1));
    const double done = static_cast<double>(event.update) / all;
    std::fprintf(out_, "\r\x1b[K%s", BarLine(done, Describe(event), Columns(out_)).c_str());
    bar_shown_ = true;
  }
  std::fflush(out_);
}

void Progress::Validation(const train::ValidationEvent& event) {
  if (kind_ == ProgressKind::kNone) return;
  Clear();
  const double loss = event.measures.at("loss");
  std::fprintf(out_,
               loss < 1e6 ? "epoch %.2f  update %llu  validation loss %.6f%s\n"
                          : "epoch %.2f  update %llu  validation loss %.6g%s\n",
               event.epoch, static_cast<unsigned long long>(event.update), loss,
               event.best ? "  (best)" : "");
  std::fflush(out_);
}

void Progress::Clear() {
  if (bar_shown_) std::fprintf(out_, "\r\x1b[K");
  bar_shown_ = false;
}

}  // namespace sequent
