// The SentencePiece library itself, for tests: models of any kind, and what it makes of text.
//
//   sentencepiece_library learn MODEL [KEY=VALUE]...   from the lines of stdin
//   sentencepiece_library encode MODEL                 each line of stdin, ended by a zero byte, to
//                                                      a line of token ids
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <fstream>
#include <iostream>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

class Lines : public sentencepiece::SentenceIterator {
 public:
  Lines() { Next(); }
  bool done() const override { return done_; }
  void Next() override { done_ = !std::getline(std::cin, line_); }
  const std::string& value() const override { return line_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::string line_;
  bool done_ = false;
};

int Learn(const std::string& path, const std::vector<std::string>& keys) {
  std::unordered_map<std::string, std::string> options = {{"num_threads", "1"},
                                                          {"minloglevel", "3"}};
  for (const std::string& key : keys) {
    options[key.substr(0, key.find('='))] = key.substr(key.find('=') + 1);
  }
  Lines lines;
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(options, &lines, &model);
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  std::ofstream(path, std::ios::binary) << model;
  return status.ok() ? 0 : 1;
}

int Encode(const std::string& path) {
  sentencepiece::SentencePieceProcessor processor;
  if (!processor.Load(path).ok()) return 1;
  std::string line;
  while (std::getline(std::cin, line, '\0')) {
    for (const int id : processor.EncodeAsIds(line)) std::cout << id << " ";
    std::cout << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() >= 2 && arguments[0] == "learn") {
    return Learn(arguments[1], {arguments.begin() + 2, arguments.end()});
  }
  return arguments.size() == 2 && arguments[0] == "encode" ? Encode(arguments[1]) : 2;
}
