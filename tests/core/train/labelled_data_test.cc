#include "core/train/labelled_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/trainer/temporary_folder.h"

namespace sequent::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Edit = std::function<void(v1::DataConfig*)>;
const Edit kAsItIs = [](auto*) {};

// The sequences as "a b/label other", of a file of that name.
std::vector<std::string> Read(const std::string& name, const std::string& text,
                              const Edit& edit = kAsItIs, bool tagged = false,
                              bool with_labels = true) {
  TemporaryFolder folder;
  v1::DataConfig data;
  data.add_path(folder.Write(name, text));
  edit(&data);
  const auto sequences = (tagged ? ReadTagged : ReadTexts)(data, with_labels);
  EXPECT_TRUE(sequences.ok()) << sequences.status();
  std::vector<std::string> shown;
  if (!sequences.ok()) return shown;
  for (const LabelledSequence& sequence : *sequences) {
    std::string one;
    for (const std::string& item : sequence.items) one += (one.empty() ? "" : " ") + item;
    for (const auto& column : sequence.labels) {
      one += "/";
      for (const std::string& label : column) one += (one.back() == '/' ? "" : " ") + label;
    }
    shown.push_back(one);
  }
  return shown;
}

std::string Refusal(const std::string& name, const std::string& text, const Edit& edit = kAsItIs,
                    bool tagged = false) {
  TemporaryFolder folder;
  v1::DataConfig data;
  data.add_path(folder.Write(name, text));
  edit(&data);
  return std::string(Message((tagged ? ReadTagged : ReadTexts)(data, true).status()));
}

TEST(Texts, OfTsvHaveTheLabelInFront) {
  EXPECT_THAT(Read("f.tsv", "n\tACGT AC\r\nei\tTT\n\n"), ElementsAre("ACGT AC/n", "TT/ei"));
}

TEST(Texts, OfTsvMayStandInAnyColumn) {
  EXPECT_THAT(Read("f.txt", "good,  really\tx\t1\n",
                   [](auto* data) {
                     data->set_text("1");
                     data->add_labels("3");
                     data->add_labels("2");
                   }),
              ElementsAre("good,  really/1/x"));
}

TEST(Texts, OfCsvStandInNamedColumns) {
  EXPECT_THAT(Read("f.csv", "label,text\nn,\"a, b\"\n"), ElementsAre("a, b/n"));
  EXPECT_THAT(Read("f.dat", "kind,body\nn,b\n",
                   [](auto* data) {
                     data->set_format("csv");
                     data->set_text("body");
                     data->add_labels("kind");
                   }),
              ElementsAre("b/n"));
}

TEST(Texts, WithoutLabelsAreTakenWhereNoneAreNeeded) {
  EXPECT_THAT(Read("f.tsv", "only text\n", kAsItIs, false, false), ElementsAre("only text"));
  EXPECT_THAT(Read("f.csv", "text\nb\n", kAsItIs, false, false), ElementsAre("b"));
  EXPECT_THAT(Read("f.tsv", "n\ttext\n", kAsItIs, false, false), ElementsAre("text/n"));
}

TEST(Texts, OfBadFilesAreRefusedByTheirLine) {
  EXPECT_THAT(Refusal("f.tsv", ""), HasSubstr("f.tsv: expected text, got an empty file"));
  EXPECT_THAT(Refusal("f.tsv", "\n\n"), HasSubstr("f.tsv: expected sequences, got none"));
  EXPECT_THAT(Refusal("f.tsv", "n\ta\nb\n"), HasSubstr("f.tsv:2: expected 2 columns as in the"));
  EXPECT_THAT(Refusal("f.tsv", "n\ta\nn\tb\tc\n"), HasSubstr("f.tsv:2: expected 2 columns"));
  EXPECT_THAT(Refusal("f.tsv", "a\nb\n"), HasSubstr("f.tsv:1: expected at least 2 columns"));
  EXPECT_THAT(Refusal("f.tsv", "n\t\n"), HasSubstr("f.tsv:1: expected a text, got none"));
  EXPECT_THAT(Refusal("f.tsv", "n\ta\xff\n"), HasSubstr("expected UTF-8 text"));
  EXPECT_THAT(Refusal("f.csv", "label,txt\nn,a\n"), HasSubstr("data.text: expected a column"));
  EXPECT_THAT(Refusal("f.csv", "labels,text\nn,a\n"), HasSubstr("did you mean 'labels'?"));
}

TEST(Texts, OfBadKeysAreRefusedByTheKey) {
  EXPECT_THAT(Refusal("f.tsv", "n\ta\n", [](auto* data) { data->set_text("text"); }),
              HasSubstr("data.text: expected the number of a column, from 1, got 'text'"));
  EXPECT_THAT(Refusal("f.tsv", "n\ta\n", [](auto* data) { data->add_labels("0"); }),
              HasSubstr("data.labels[0]: expected the number of a column"));
  EXPECT_THAT(Refusal("f.tsv", "n\ta\n", [](auto* data) { data->add_labels("2"); }),
              HasSubstr("data.labels[0]: expected another column than data.text's"));
  EXPECT_THAT(Refusal("f.tsv", "n\ta\n", [](auto* data) { data->set_format("tvs"); }),
              HasSubstr("data.format: expected tsv | csv, got 'tvs'"));
}

TEST(Tagged, SequencesEndAtEmptyLines) {
  EXPECT_THAT(Read("f.txt", "the D\ngod  N\n\n\nsaid\tV\n", kAsItIs, true),
              ElementsAre("the god/D N", "said/V"));
}

TEST(Tagged, SequencesEndAtTheLinesThatAreListed) {
  EXPECT_THAT(Read(
                  "f.txt", "<>\nG _\nV e\nend\n<>\nM h\n<end>\n",
                  [](auto* data) {
                    for (const char* line : {"<>", "end", "<end>"}) data->add_sequence_ends(line);
                  },
                  true),
              ElementsAre("G V/_ e", "M/h"));
}

TEST(Tagged, ASequenceDoesNotGoOnInTheNextFile) {
  TemporaryFolder folder;
  v1::DataConfig data;
  data.add_path(folder.Write("a", "x 1\n"));
  data.add_path(folder.Write("b", "y 2\n"));
  EXPECT_EQ(ReadTagged(data, true)->size(), 2u);
}

TEST(Tagged, WithoutLabelsAreTakenWhereNoneAreNeeded) {
  EXPECT_THAT(Read("f.txt", "a\nb\n\nc\n", kAsItIs, true, false), ElementsAre("a b", "c"));
}

TEST(Tagged, OfBadFilesAreRefusedByTheirLine) {
  EXPECT_THAT(Refusal("f.txt", "a X\nb\n", kAsItIs, true),
              HasSubstr("f.txt:2: expected 2 columns"));
  EXPECT_THAT(Refusal("f.txt", "a\nb\n", kAsItIs, true), HasSubstr("f.txt:1: expected at least 2"));
  EXPECT_THAT(Refusal("f.txt", "\n \n", kAsItIs, true), HasSubstr("expected sequences, got none"));
}

}  // namespace
}  // namespace sequent::train
