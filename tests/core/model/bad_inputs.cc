#include "tests/core/model/bad_list.h"
#include "tests/support/models.h"

namespace sequent::bad {
namespace {

void AddVocabularies(List* list) {
  list->LearnedText("NoUnknownToken", "tokens.vocabulary[0]: expected '<unk>', got 'z'",
                    [](auto* c) { Tokens(c)->set_vocabulary(0, "z"); });
  list->LearnedText("UnknownTokenTwice",
                    "tokens.vocabulary[2]: expected one Unicode character, got '<unk>'",
                    [](auto* c) { Tokens(c)->set_vocabulary(2, "<unk>"); });
  list->LearnedText("EmptyEntry", "tokens.vocabulary[1]: expected one Unicode character, got ''",
                    [](auto* c) { Tokens(c)->set_vocabulary(1, ""); });
  list->LearnedText("TwoCharactersInAnEntry",
                    "tokens.vocabulary[3]: expected one Unicode character, got 'cd'",
                    [](auto* c) { Tokens(c)->set_vocabulary(3, "cd"); });
  list->LearnedText("EntryTwice",
                    "tokens.vocabulary[3]: expected a character not listed before, got 'a'",
                    [](auto* c) { Tokens(c)->set_vocabulary(3, "a"); });
}

// Turns the input into one of words.
void ToWords(v1::ModelConfig* c) {
  Tokens(c)->set_codec("words");
  Tokens(c)->clear_vocabulary();
  for (const char* entry : {"<pad>", "<unk>", "<bos>", "<eos>", "god"}) {
    Tokens(c)->add_vocabulary(entry);
  }
}

void AddWords(List* list) {
  list->Text("CharactersInLowerCase", "tokens.lowercase: expected false with codec characters",
             [](auto* c) { Tokens(c)->set_lowercase(true); });
  list->Text("CharactersWithLineEnds", "tokens.line_ends: expected false with codec characters",
             [](auto* c) { Tokens(c)->set_line_ends(true); });
  list->Text("WordsWithoutTheSpecialOnes", "tokens.vocabulary: expected 4..1048576 entries, got 3",
             [](auto* c) {
               Tokens(c)->set_codec("words");
               Tokens(c)->mutable_vocabulary()->RemoveLast();
             });
  list->LearnedText("SpecialTokenOfAnotherName", "vocabulary[3]: expected '<eos>', got '</s>'",
                    [](auto* c) {
                      ToWords(c);
                      Tokens(c)->set_vocabulary(3, "</s>");
                    });
  list->LearnedText("TwoWordsInAnEntry", "vocabulary[5]: expected a word of at most 64 bytes",
                    [](auto* c) {
                      ToWords(c);
                      Tokens(c)->add_vocabulary("my god");
                    });
  list->LearnedText("WordTwice", "vocabulary[5]: expected a word not listed before, got 'god'",
                    [](auto* c) {
                      ToWords(c);
                      Tokens(c)->add_vocabulary("god");
                    });
  list->LearnedText("UpperCaseWhereThereIsNone", "vocabulary[5]: expected lower case, got 'God'",
                    [](auto* c) {
                      ToWords(c);
                      Tokens(c)->set_lowercase(true);
                      Tokens(c)->add_vocabulary("God");
                    });
}

v1::Season* SeasonOf(v1::ModelConfig* c) { return Column(c, 0)->mutable_season(); }

void AddTransforms(List* list) {
  list->Series("SeasonalDifferenceTooLong",
               "columns[0].seasonal_difference: expected 0..65536, got 65537",
               [](auto* c) { Column(c, 0)->set_seasonal_difference(65537); });
  list->Series("SeasonOfOne", "columns[0].season.period: expected 0 or 2..65536, got 1",
               [](auto* c) { SeasonOf(c)->set_period(1); });
  list->Series("UnknownClock", "columns[0].season.clock: expected STEPS | MINUTES | HOURS | DAYS",
               [](auto* c) { SeasonOf(c)->set_clock(static_cast<v1::Season::Clock>(9)); });
  list->Series("SubtractWithoutSeason", "columns[0].season.subtract: expected false where",
               [](auto* c) { SeasonOf(c)->set_subtract(true); });
  list->Series("SeasonalMeanWithoutSeason",
               "columns[0].impute.kind: expected LAST or MEAN where season.period is 0",
               [](auto* c) { ImputeOf(c)->set_kind(v1::Impute::SEASONAL_MEAN); });
  list->LearnedSeries("CycleTooShort", "columns[0].season.cycle: expected 2 values, got 1",
                      [](auto* c) {
                        SeasonOf(c)->set_period(2);
                        SeasonOf(c)->set_subtract(true);
                        SeasonOf(c)->add_cycle(1);
                      });
  list->LearnedSeries("SeasonalMeanNan",
                      "columns[0].impute.seasonal_means[1]: expected a finite number, got nan",
                      [](auto* c) {
                        SeasonOf(c)->set_period(2);
                        ImputeOf(c)->set_kind(v1::Impute::SEASONAL_MEAN);
                        for (const double mean : {1.0, kNan}) ImputeOf(c)->add_seasonal_means(mean);
                      });
  list->LearnedSeries("MeanWithoutLogarithm", "columns[0].impute.mean: expected > 0, got -1",
                      [](auto* c) {
                        Column(c, 0)->set_log(true);
                        ImputeOf(c)->set_kind(v1::Impute::MEAN);
                        ImputeOf(c)->set_mean(-1);
                      });
  list->Series("TooManyHarmonics", "features.calendar.annual: expected 0..64 harmonics, got 65",
               [](auto* c) { Features(c)->mutable_calendar()->set_annual(65); });
}

void AddScopes(List* list) {
  list->Series("UnknownScope", "columns[0].scale.scope: expected GLOBAL | PER_SERIES | PER_WINDOW",
               [](auto* c) { ScaleOf(c)->set_scope(static_cast<v1::Scale::Scope>(9)); });
  list->Series("SeriesScaleWithoutSeries", "columns[0].scale.scope: expected GLOBAL or PER_WINDOW",
               [](auto* c) { ScaleOf(c)->set_scope(v1::Scale::PER_SERIES); });
  list->Series("WindowWithoutScale", "columns[0].scale.kind: expected STANDARD, MIN_MAX or ROBUST",
               [](auto* c) { ScaleOf(c)->set_scope(v1::Scale::PER_WINDOW); });
  list->Series("WindowOfOne", "columns[0].scale.window: expected 2..65536, got 1", [](auto* c) {
    ScaleOf(c)->set_kind(v1::Scale::STANDARD);
    ScaleOf(c)->set_scope(v1::Scale::PER_WINDOW);
    ScaleOf(c)->set_window(1);
  });
  list->LearnedSeries("ScalePerSeriesMissing", "columns[0].scale.offsets: expected 2 values, got 0",
                      [](auto* c) {
                        v1::SeriesColumn* labels = Features(c)->add_columns();
                        labels->set_name("series");
                        for (const char* label : {"u", "v"}) labels->add_labels(label);
                        ScaleOf(c)->set_kind(v1::Scale::STANDARD);
                        ScaleOf(c)->set_scope(v1::Scale::PER_SERIES);
                      });
  list->Series("LabelsNotLast", "columns[0].labels: expected none but in the last column",
               [](auto* c) { Column(c, 0)->add_labels("u"); });
  list->Series("LabelsWithTransforms", "expected no transforms in a column of labels, got some",
               [](auto* c) {
                 v1::SeriesColumn* labels = Features(c)->add_columns();
                 labels->set_name("series");
                 labels->add_labels("u");
                 labels->set_difference(1);
               });
  list->Series("SeriesLabelTwice", "labels[1]: expected a label not used before, got 'u'",
               [](auto* c) {
                 v1::SeriesColumn* labels = Features(c)->add_columns();
                 labels->set_name("series");
                 for (int i = 0; i < 2; ++i) labels->add_labels("u");
               });
}

void AddColumns(List* list) {
  list->Series("NoColumns", "inputs[0].features.columns: expected 1..65536, got 0",
               [](auto* c) { Features(c)->clear_columns(); });
  list->Series("ColumnWithoutName", "features.columns[1].name: expected a name of 1 to 256 bytes",
               [](auto* c) { Column(c, 1)->clear_name(); });
  list->Series("ColumnNameTwice",
               "features.columns[1].name: expected a name not used before, got 'a'",
               [](auto* c) { Column(c, 1)->set_name("a"); });
  list->Series("DifferenceTooLong", "columns[0].difference: expected 0..65536, got 65537",
               [](auto* c) { Column(c, 0)->set_difference(65537); });
  list->Series("UnknownImpute",
               "columns[0].impute.kind: expected NONE | LAST | MEAN | SEASONAL_MEAN, got",
               [](auto* c) { ImputeOf(c)->set_kind(static_cast<v1::Impute::Kind>(9)); });
  list->Series("FlagWithoutImpute",
               "columns[0].impute.missing_flag: expected false where impute.kind is NONE, got true",
               [](auto* c) { ImputeOf(c)->set_missing_flag(true); });
  list->Series("UnknownScale",
               "columns[0].scale.kind: expected NONE | STANDARD | MIN_MAX | ROBUST, got 7",
               [](auto* c) { ScaleOf(c)->set_kind(static_cast<v1::Scale::Kind>(7)); });
  list->LearnedSeries("FactorZero", "columns[0].scale.factor: expected > 0, got 0",
                      [](auto* c) { ScaleOf(c)->set_kind(v1::Scale::STANDARD); });
  list->LearnedSeries("FactorNegative", "columns[0].scale.factor: expected > 0, got -2",
                      [](auto* c) {
                        ScaleOf(c)->set_kind(v1::Scale::STANDARD);
                        ScaleOf(c)->set_factor(-2);
                      });
  list->LearnedSeries("FactorNan", "columns[0].scale.factor: expected a finite number, got nan",
                      [](auto* c) { ScaleOf(c)->set_factor(kNan); });
  list->LearnedSeries("OffsetInfinite",
                      "columns[0].scale.offset: expected a finite number, got inf",
                      [](auto* c) { ScaleOf(c)->set_offset(kInf); });
  list->LearnedSeries("MeanNan", "columns[0].impute.mean: expected a finite number, got nan",
                      [](auto* c) { ImputeOf(c)->set_mean(kNan); });
}

}  // namespace

void AddInputs(List* list) {
  AddVocabularies(list);
  AddWords(list);
  AddTransforms(list);
  AddScopes(list);
  AddColumns(list);
}

}  // namespace sequent::bad
