// The report of a fit: what is on the page, and that it needs nothing but itself.
#include "trainer/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/trainer/small_fit.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++count;
  return count;
}

// Every tag that is opened is closed, in order.
void ExpectWellFormed(const std::string& html) {
  std::vector<std::string> open;
  for (size_t at = 0; (at = html.find('<', at)) != html.npos;) {
    const size_t end = html.find('>', at);
    ASSERT_NE(end, html.npos);
    const std::string tag = html.substr(at + 1, end - at - 1);
    at = end;
    if (tag[0] == '!' || tag.starts_with("meta") || tag.ends_with("/")) continue;
    const std::string name = tag.substr(0, tag.find_first_of(" \n"));
    if (name[0] != '/') {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    ASSERT_EQ("/" + open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(RoundTicks, AreRoundAndInside) {
  EXPECT_THAT(RoundTicks(0, 1, 5), ElementsAre(0, 0.2, 0.4, ::testing::DoubleEq(0.2 * 3), 0.8, 1));
  EXPECT_THAT(RoundTicks(-3, 12, 5), ElementsAre(-2, 0, 2, 4, 6, 8, 10, 12));
  EXPECT_THAT(RoundTicks(7, 7, 5), ElementsAre(7));
}

TEST(RoundTicks, EndWhereNumbersCannotBeToldApart) {
  EXPECT_LE(RoundTicks(1, 1 + 2.3e-16, 6).size(), 12u);
  EXPECT_LE(RoundTicks(0, 5e-324, 6).size(), 12u);
}

TEST(EscapeHtml, LetsNothingThrough) {
  EXPECT_EQ(EscapeHtml("<a href=\"x\">&amp;"), "&lt;a href=&quot;x&quot;&gt;&amp;amp;");
  EXPECT_EQ(EscapeHtml("\xC3\xBC\n\x01\xFF\xC3"), "\xC3\xBC\n\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Chart, IsOfTheNumbersItWasGiven) {
  const Chart chart{.title = "T", .x_name = "x", .lines = {{"a", {0, 1, 2}, {5, 6, 10}, true}}};
  const std::string svg = RenderChart(chart);
  // The drawing is 64 .. 748 wide; 260 is the least, 12 the greatest.
  EXPECT_THAT(svg, HasSubstr("d=\"M64.0 260.0L406.0 210.4L748.0 12.0\""));
  EXPECT_EQ(Count(svg, "<circle"), 3u);
}

TEST(Chart, GapsStayGaps) {
  const double nan = std::nan("");
  const Chart chart{.title = "T", .x_name = "x", .lines = {{"a", {0, 1, 2, 3}, {1, nan, 2, 3}}}};
  EXPECT_EQ(Count(RenderChart(chart), "M64.0 260.0M"), 1u);
}

TEST(Chart, HasNothingThatIsNotANumberWhateverItGets) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const bool log : {false, true}) {
    for (const std::vector<double>& y :
         {std::vector<double>{}, {nan, nan}, {infinity, 1}, {0, -1}, {3, 3}, {1e-300, 1e300}}) {
      std::vector<double> x(y.size());
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
      const std::string svg = RenderChart({.title = "T",
                                           .x_name = "x",
                                           .lines = {{"a", x, y}},
                                           .bands = {{"b", x, y, y}},
                                           .log_y = log});
      for (const char* bad : {"nan\"", "nan ", "nan<", "inf\"", "inf ", "inf<", "infL", "nanL"}) {
        EXPECT_THAT(svg, Not(HasSubstr(bad)));
      }
      ExpectWellFormed(svg);
    }
  }
}

TEST(Chart, OfValuesThatDifferInTheirLastBitIsThatOfAConstant) {
  const auto path = [](double last) {
    const std::string svg =
        RenderChart({.title = "T", .x_name = "x", .lines = {{"a", {0, 1}, {1, last}}}});
    const size_t begin = svg.find("<path class=\"line");
    return svg.substr(begin, svg.find("/>", begin) - begin);
  };
  EXPECT_EQ(path(1 + 2.3e-16), path(1));
  EXPECT_NE(path(1 + 1e-9), path(1));
}

TEST(Chart, ThinsOutAMillionPointsAndKeepsThePeak) {
  ChartLine line{"a", {}, {}};
  for (int i = 0; i < 1000000; ++i) {
    line.x.push_back(i);
    line.y.push_back(i == 345678 ? 2 : std::sin(i));
  }
  const std::string svg = RenderChart({.title = "T", .x_name = "x", .lines = {line}});
  EXPECT_LT(svg.size(), 50000u);
  EXPECT_THAT(svg, HasSubstr(" 12.0L")) << "the top of the drawing";
}

TEST(Curves, ComeFromTheMetrics) {
  const auto charts = CurvesOf(
      "{\"update\":1,\"epoch\":0.5,\"loss\":4,\"grad_norm\":2,\"lr\":0.1,\"seconds\":1}\n"
      "{\"update\":2,\"epoch\":1,\"loss\":3,\"grad_norm\":1,\"lr\":0.2,\"seconds\":2}\n"
      "{\"update\":2,\"validation\":{\"loss\":3.5}}\n"
      "{\"update\":3,\"epo");
  ASSERT_EQ(charts.size(), 3u);
  EXPECT_THAT(charts[0].lines[0].y, ElementsAre(4, 3));
  EXPECT_THAT(charts[0].lines[1].x, ElementsAre(2));
  EXPECT_THAT(charts[0].lines[1].y, ElementsAre(3.5));
  EXPECT_THAT(charts[1].lines[0].y, ElementsAre(0.1, 0.2));
  EXPECT_TRUE(CurvesOf("").empty());
}

TEST(Confusions, ComeFromTheMeasuresOfAHeadsLabels) {
  v1::ModelConfig model;
  v1::Head* head = model.add_heads();
  head->set_name("kind");
  for (const char* label : {"a", "b"}) head->mutable_softmax()->add_labels(label);
  const train::Measures measures = {{"confusion.a.a", 5},
                                    {"confusion.a.b", 1},
                                    {"confusion.b.a", 2},
                                    {"confusion.b.b", 7},
                                    {"loss", 1}};
  const auto tables = ConfusionsOf(model, "test", measures);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_THAT(tables[0].counts, ElementsAre(5, 1, 2, 7));
  EXPECT_TRUE(ConfusionsOf(model, "test", {{"loss", 1}}).empty());
  Report report;
  report.confusions = tables;
  EXPECT_THAT(RenderReport(report), HasSubstr(">7</td>"));
}

TEST(Confusions, OfSeveralHeadsAreEachHeads) {
  v1::ModelConfig model;
  train::Measures measures;
  for (const char* name : {"kind", "mood"}) {
    v1::Head* head = model.add_heads();
    head->set_name(name);
    for (const char* label : {"a", "b"}) head->mutable_softmax()->add_labels(label);
    for (const char* pair : {"a.a", "a.b", "b.a", "b.b"}) {
      measures[StrCat(name, "/confusion.", pair)] = name[0] == 'k' ? 1 : 2;
    }
  }
  const auto tables = ConfusionsOf(model, "test", measures);
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_THAT(tables[0].counts, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(tables[1].counts, ElementsAre(2, 2, 2, 2));
}

TEST(MeasureTable, HasThePartsBesideEachOtherAndNoConfusion) {
  TrainingRecord record;
  record.validation = {{"rmse", 1}, {"rmse_persistence", 2}, {"confusion.a.a", 3}};
  record.test = {{"rmse", 4}};
  const MeasureTable table = TableOf(record);
  EXPECT_THAT(table.parts, ElementsAre("validation", "test"));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_THAT(table.rows[0].values, ElementsAre(1, 4));
  EXPECT_FALSE(table.rows[0].baseline);
  EXPECT_TRUE(table.rows[1].baseline);
  EXPECT_TRUE(std::isnan(table.rows[1].values[1]));
}

class ReportTest : public SmallFit {
 protected:
  std::string Page(const Arguments& fit) const {
    const Outcome outcome = RunProgram(fit);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    return folder_.Read("a/report.html");
  }
};

TEST_F(ReportTest, OfAForecastShowsItBesideTheTruth) {
  const std::string page = Page(SeriesFit("a", 45));
  ExpectWellFormed(page);
  EXPECT_THAT(page, HasSubstr(">x, one step ahead"));
  EXPECT_THAT(page, HasSubstr(">truth</span>"));
  EXPECT_THAT(page, HasSubstr("<td>rmse_persistence</td>"));
  EXPECT_THAT(page, HasSubstr("stride: 4")) << "the configuration with its defaults";
  EXPECT_EQ(Count(page, "<svg"), 4u);
}

TEST_F(ReportTest, OfAGaussianHeadHasItsSpread) {
  const std::string page = Page(
      SeriesFit("a", 5, Sets({"model.heads=[{name: f, regression: {distribution: gaussian}}]"})));
  EXPECT_EQ(Count(page, "class=\"band\""), 1u);
}

TEST_F(ReportTest, OfALanguageModelHasWhatItWrites) {
  const std::string page = Page(TextFit("a", 45));
  ExpectWellFormed(page);
  EXPECT_THAT(page, HasSubstr("At temperature 0.5"));
  EXPECT_THAT(page, HasSubstr("loss_unigram"));
}

TEST_F(ReportTest, NeedsNoNetwork) {
  const std::string page = Page(TextFit("a", 5));
  for (const char* outside : {"http", "src=", "<link", "<script", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST_F(ReportTest, SaysWhatTheModelDoesNotBeat) {
  EXPECT_THAT(Page(TextFit("a", 1, Sets({"train.optimizer.adam.lr=1e-9"}))),
              HasSubstr("does NOT beat"));
}

TEST_F(ReportTest, OfARunThatWentOnHasTheWholeCurve) {
  ASSERT_EQ(RunProgram(SeriesFit("a", 20)).exit_code, 0);
  const std::string page = Page(SeriesFit("a", 40, {"--resume"}));
  EXPECT_EQ(page, [&] {
    std::filesystem::remove_all(folder_.File("a"));
    return Page(SeriesFit("a", 40));
  }());
}

}  // namespace
}  // namespace sequent
