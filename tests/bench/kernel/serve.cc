#include "tests/bench/kernel/serve.h"

#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "tests/bench/kernel/contestant.h"
#include "tests/bench/kernel/rounds.h"

namespace sequent::bench {
namespace {

struct Made {
  std::unique_ptr<Contestant> contestant;
  Window window;
};

class Server {
 public:
  std::string Answer(const std::string& line) {
    std::istringstream words(line);
    std::string verb, name;
    words >> verb >> name;
    if (verb == "make") return Make(name, words);
    const auto made = made_.find(name);
    if (made == made_.end()) return "error: nothing made of the name '" + name + "'";
    if (verb == "time") return Time(&made->second, words);
    if (verb == "outputs") return Outputs(&made->second);
    return "error: expected make | time | outputs, got '" + verb + "'";
  }

 private:
  std::string Make(const std::string& name, std::istringstream& words) {
    std::string cell;
    Shape shape;
    words >> cell >> shape.units >> shape.rows >> shape.steps;
    if (!words || !CellNamed(cell) || shape.units * shape.rows * shape.steps == 0) {
      return "error: expected make NAME lstm|gru H B T";
    }
    shape.cell = *CellNamed(cell);
    if (shape.cell != weights_of_.cell || shape.units != weights_of_.units) {
      weights_ = MakeWeights(shape.cell, shape.units);
      weights_of_ = shape;
    }
    made_.erase(name);
    auto contestant = MakeContestant(name, shape, weights_);
    if (contestant == nullptr) return "none";
    Window window([&runner = *contestant] { runner.Run(); });
    made_.emplace(name, Made{std::move(contestant), std::move(window)});
    return "ok";
  }

  static std::string Time(Made* made, std::istringstream& words) {
    double seconds = 0;
    if (!(words >> seconds)) return "error: expected time NAME SECONDS";
    std::ostringstream answer;
    answer.precision(9);
    answer << made->window.Measure(seconds);
    return answer.str();
  }

  static std::string Outputs(Made* made) {
    std::ostringstream answer;
    answer.precision(9);
    for (const float value : made->contestant->FirstOutputs()) answer << value << ' ';
    return answer.str();
  }

  std::map<std::string, Made> made_;
  Shape weights_of_;
  TensorMap weights_;
};

}  // namespace

int Serve(std::istream& in, std::ostream& out) {
  Server server;
  for (std::string line; std::getline(in, line);) out << server.Answer(line) << std::endl;
  return 0;
}

}  // namespace sequent::bench
