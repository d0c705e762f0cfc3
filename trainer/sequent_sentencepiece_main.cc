// Learns a SentencePiece model: started by sequent-train (sentencepiece_learner.h), never by
// people.
//
//   sequent_sentencepiece MAX_VOCABULARY CHARACTER_COVERAGE [WHITE_SPACE]... < lines > model
//
// Exit 0: the model, serialised, is written. Exit 1: the library's message is. It links neither
// Protobuf nor anything that does: the library has a copy of its own, with the same symbols.
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <iostream>
#include <string>
#include <unordered_map>

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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cout << "expected MAX_VOCABULARY CHARACTER_COVERAGE [WHITE_SPACE]...\n";
    return 1;
  }
  std::string symbols;
  for (int i = 3; i < argc; ++i) symbols += (i == 3 ? "" : ",") + std::string(argv[i]);
  const std::unordered_map<std::string, std::string> options = {
      {"model_type", "unigram"},
      {"vocab_size", argv[1]},
      {"hard_vocab_limit", "false"},  // fewer if the texts have no more
      {"character_coverage", argv[2]},
      {"user_defined_symbols", symbols},
      // What goes in comes out.
      {"normalization_rule_name", "identity"},
      {"remove_extra_whitespaces", "false"},
      {"add_dummy_prefix", "false"},
      {"unk_surface", "<unk>"},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"num_threads", "1"},
      {"minloglevel", "3"}};
  sentencepiece::SetRandomGeneratorSeed(1);
  Lines lines;
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(options, &lines, &model);
  std::cout << (status.ok() ? model : status.ToString());
  std::cout.flush();
  return status.ok() && std::cout.good() ? 0 : 1;
}
