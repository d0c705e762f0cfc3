// What the subcommands of `sequent` share: the connection's flags, reading inputs, printing
// answers.
#ifndef SEQUENT_CLIENT_COMMAND_COMMON_H_
#define SEQUENT_CLIENT_COMMAND_COMMON_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "core/base/status.h"

namespace CLI {
class App;
}
namespace google::protobuf {
class Message;
}

namespace sequent::client {

// Exit codes: 0 done, 1 the server or network said no, 2 bad usage.
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

struct Globals {
  ClientOptions options;
  bool json = false;
  int exit_code = 0;
};

// Prints "sequent: REASON: message" to stderr and sets the exit code.
void Fail(Globals* globals, const Status& status);

// Connects; on failure prints, sets the exit code and returns null.
std::unique_ptr<Client> ConnectOrFail(Globals* globals);

// --model, --model-version.
struct ModelFlags {
  std::string model;
  int64_t version = 0;
  void Add(CLI::App* command, bool required);
};

// --heads, --last, --top-k, --raw, --score.
struct OutputFlags {
  std::vector<std::string> heads;
  bool last = false;
  uint32_t top_k = 0;
  bool raw = false;
  bool score = false;
  void Add(CLI::App* command);
  v1::OutputSelection Selection() const;
};

// --text, --tokens, --values, --file: at most one of them.
struct InputFlags {
  std::string text, tokens, values, file;
  void Add(CLI::App* command);
  bool Given() const;
  // INVALID_ARGUMENT naming the row and the cell. A file is text if the model takes text (`kind`),
  // token ids if it takes those, else a row per line.
  StatusOr<Input> Read(const std::string& kind) const;
};

// What a model takes: text, tokens or features (ModelInfo.input.kind). The model is the one named,
// else the one of the live session. INVALID_ARGUMENT if neither is named.
StatusOr<std::string> InputKind(const ModelFlags& model, const std::string& session,
                                Client* client);

// "1, 2.5, nan" -> floats; an empty cell or NA is NaN (missing).
StatusOr<std::vector<float>> ParseRow(std::string_view line);
// Rows behind one another, all as wide as the first; empty ones are left out. A date in front
// ("1990-12-31T23:59:59Z, 2.5") is the row's time; a row may be a time alone.
StatusOr<v1::FloatSteps> ParseRows(std::string_view text, char separator);
// A row of the kind a model takes (ModelInfo.input.kind): text, tokens or features; of features
// perhaps with a time in front.
StatusOr<Input> ParseLine(const std::string& kind, std::string_view line);

// One line of JSON, field names as in the protocol.
std::string ToJson(const google::protobuf::Message& message);
// A number for people: 6 significant digits.
std::string Short(double value);

// Columns aligned, the first row being the heading.
void PrintTable(const std::vector<std::vector<std::string>>& rows);
// The heads of an answer, a line per step.
void PrintPrediction(const v1::PredictResponse& response);
// One step of one head on one line: "a 0.91  b 0.05", "12.3 +- 0.8", "0.1 0.2".
std::string DescribeStep(const v1::HeadOutput& head, int step);
int StepsOf(const v1::HeadOutput& head);

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_COMMAND_COMMON_H_
