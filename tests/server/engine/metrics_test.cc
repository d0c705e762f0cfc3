// The names are an interface: dashboards and alerts are built on them.
#include "server/engine/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace sequent::engine {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

using LabelMap = std::map<std::string, std::string>;

class MetricsTest : public ::testing::Test {
 protected:
  // Does everything once that makes a series.
  void TouchAll() {
    metrics_.RequestDone("Predict", "OK", 0.001);
    metrics_.Rejected(Reason::kQueueFull);
    metrics_.ModelLoaded("chars", 3, 0.5);
    metrics_.ModelLoadFailed("broken");
    metrics_.OfModel("chars", 3);
    metrics_.Update();
  }

  MetricFamily Family(const std::string& name) const {
    for (MetricFamily& family : metrics_.registry()->Collect()) {
      if (family.name == name) return family;
    }
    ADD_FAILURE() << "no " << name;
    return {};
  }

  static LabelMap LabelsOf(const ClientMetric& metric) {
    LabelMap labels;
    for (const auto& label : metric.label) labels[label.name] = label.value;
    return labels;
  }

  // The one series of a family that has these labels.
  ClientMetric Series(const std::string& name, const LabelMap& labels) const {
    for (const ClientMetric& metric : Family(name).metric) {
      if (LabelsOf(metric) == labels) return metric;
    }
    ADD_FAILURE() << "no such series of " << name;
    return {};
  }

  Metrics metrics_{"1.2.3", "abcdef", "AVX2"};
  const LabelMap chars_ = {{"model", "chars"}, {"version", "3"}};
};

struct Row {
  MetricType type;
  std::set<std::string> labels;
};

// The table of docs/operations.md.
const std::map<std::string, Row> kTable = {
    {"sequent_requests_total", {MetricType::Counter, {"method", "code"}}},
    {"sequent_request_seconds", {MetricType::Histogram, {"method"}}},
    {"sequent_steps_total", {MetricType::Counter, {"model", "version"}}},
    {"sequent_steps_replayed_total", {MetricType::Counter, {"model", "version"}}},
    {"sequent_rollout_steps_total", {MetricType::Counter, {"model", "version"}}},
    {"sequent_step_queue_seconds", {MetricType::Histogram, {"model", "version"}}},
    {"sequent_tick_seconds", {MetricType::Histogram, {"model", "version"}}},
    {"sequent_tick_rows", {MetricType::Histogram, {"model", "version"}}},
    {"sequent_queued_steps", {MetricType::Gauge, {}}},
    {"sequent_ready_sessions", {MetricType::Gauge, {"model", "version"}}},
    {"sequent_sessions_active", {MetricType::Gauge, {"model", "version"}}},
    {"sequent_session_state_bytes", {MetricType::Gauge, {"model", "version", "tier"}}},
    {"sequent_sessions_created_total", {MetricType::Counter, {"model", "version"}}},
    {"sequent_sessions_ended_total", {MetricType::Counter, {"model", "version", "reason"}}},
    {"sequent_rejected_total", {MetricType::Counter, {"reason"}}},
    {"sequent_streams_active", {MetricType::Gauge, {}}},
    {"sequent_model_loaded", {MetricType::Gauge, {"model", "version"}}},
    {"sequent_model_load_seconds", {MetricType::Gauge, {"model", "version"}}},
    {"sequent_model_load_failures_total", {MetricType::Counter, {"model"}}},
    {"sequent_build_info", {MetricType::Gauge, {"version", "revision", "simd_target"}}},
    {"process_cpu_seconds_total", {MetricType::Counter, {}}},
    {"process_resident_memory_bytes", {MetricType::Gauge, {}}},
    {"process_virtual_memory_bytes", {MetricType::Gauge, {}}},
    {"process_open_fds", {MetricType::Gauge, {}}},
    {"process_max_fds", {MetricType::Gauge, {}}},
    {"process_start_time_seconds", {MetricType::Gauge, {}}},
};

TEST_F(MetricsTest, HaveTheNamesKindsAndLabelsOfTheTableAndNoOthers) {
  TouchAll();
  std::set<std::string> found;
  for (const MetricFamily& family : metrics_.registry()->Collect()) {
    const auto row = kTable.find(family.name);
    ASSERT_NE(row, kTable.end()) << family.name;
    EXPECT_TRUE(found.insert(family.name).second) << family.name;
    EXPECT_EQ(family.type, row->second.type) << family.name;
    EXPECT_FALSE(family.help.empty()) << family.name;
    for (const ClientMetric& metric : family.metric) {
      std::set<std::string> labels;
      for (const auto& label : metric.label) labels.insert(label.name);
      EXPECT_EQ(labels, row->second.labels) << family.name;
    }
  }
  EXPECT_EQ(found.size(), kTable.size());
}

TEST_F(MetricsTest, NoModelHasASeriesBeforeItIsResolved) {
  metrics_.RequestDone("Predict", "NOT_FOUND", 0.001);
  metrics_.Rejected(Reason::kModelUnknown);
  for (const MetricFamily& family : metrics_.registry()->Collect()) {
    for (const ClientMetric& metric : family.metric) {
      EXPECT_FALSE(LabelsOf(metric).contains("model")) << family.name;
    }
  }
}

TEST_F(MetricsTest, BuildInfoSaysWhatRuns) {
  const LabelMap labels = {{"version", "1.2.3"}, {"revision", "abcdef"}, {"simd_target", "AVX2"}};
  EXPECT_EQ(Series("sequent_build_info", labels).gauge.value, 1);
}

TEST_F(MetricsTest, RequestsAreCountedByMethodAndCodeAndTimedByMethod) {
  metrics_.RequestDone("Predict", "OK", 0.001);
  metrics_.RequestDone("Predict", "OK", 0.002);
  metrics_.RequestDone("Predict", "NOT_FOUND", 0.003);
  EXPECT_EQ(Series("sequent_requests_total", {{"method", "Predict"}, {"code", "OK"}}).counter.value,
            2);
  const auto timed = Series("sequent_request_seconds", {{"method", "Predict"}}).histogram;
  EXPECT_EQ(timed.sample_count, 3u);
  EXPECT_DOUBLE_EQ(timed.sample_sum, 0.006);
}

std::vector<double> Bounds(const ClientMetric& metric) {
  std::vector<double> bounds;
  for (const auto& bucket : metric.histogram.bucket) bounds.push_back(bucket.upper_bound);
  return bounds;
}

TEST_F(MetricsTest, TimesFallIntoBucketsFrom25MicrosecondsTo2500Milliseconds) {
  TouchAll();
  for (const char* name : {"sequent_step_queue_seconds", "sequent_tick_seconds"}) {
    const std::vector<double> bounds = Bounds(Series(name, chars_));
    ASSERT_GT(bounds.size(), 10u);
    EXPECT_EQ(bounds.front(), 25e-6);
    EXPECT_EQ(bounds[bounds.size() - 2], 2.5);
  }
}

TEST_F(MetricsTest, RowsFallIntoBucketsOfPowersOfTwo) {
  TouchAll();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(Bounds(Series("sequent_tick_rows", chars_)),
              ElementsAre(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, infinity));
}

TEST_F(MetricsTest, ATickIsOneObservationOfItsLengthAndItsRows) {
  metrics_.OfModel("chars", 3)->TickDone(0.004, 17);
  EXPECT_DOUBLE_EQ(Series("sequent_tick_seconds", chars_).histogram.sample_sum, 0.004);
  EXPECT_DOUBLE_EQ(Series("sequent_tick_rows", chars_).histogram.sample_sum, 17);
  EXPECT_EQ(Series("sequent_tick_rows", chars_).histogram.sample_count, 1u);
}

TEST_F(MetricsTest, SessionsAreActiveFromCreationToTheirEnd) {
  const ModelMetrics* model = metrics_.OfModel("chars", 3);
  model->SessionCreated();
  model->SessionCreated();
  model->SessionEnded(EndReason::kExpired);
  EXPECT_EQ(Series("sequent_sessions_active", chars_).gauge.value, 1);
  EXPECT_EQ(Series("sequent_sessions_created_total", chars_).counter.value, 2);
  LabelMap expired = chars_;
  expired["reason"] = "expired";
  EXPECT_EQ(Series("sequent_sessions_ended_total", expired).counter.value, 1);
}

TEST_F(MetricsTest, EveryReasonOfAnEndHasItsName) {
  metrics_.OfModel("chars", 3);
  std::vector<std::string> reasons;
  for (const ClientMetric& metric : Family("sequent_sessions_ended_total").metric) {
    reasons.push_back(LabelsOf(metric)["reason"]);
  }
  EXPECT_THAT(reasons,
              UnorderedElementsAre("client", "expired", "reset", "retired", "drained", "error"));
}

TEST_F(MetricsTest, BytesOfSessionsAreSplitByTier) {
  const ModelMetrics* model = metrics_.OfModel("chars", 3);
  model->state_bytes_memory->Set(4096);
  model->state_bytes_replies->Set(100);
  LabelMap memory = chars_, replies = chars_;
  memory["tier"] = "memory";
  replies["tier"] = "replies";
  EXPECT_EQ(Series("sequent_session_state_bytes", memory).gauge.value, 4096);
  EXPECT_EQ(Series("sequent_session_state_bytes", replies).gauge.value, 100);
}

TEST_F(MetricsTest, OneModelVersionHasOneSetOfSeries) {
  EXPECT_EQ(metrics_.OfModel("chars", 3), metrics_.OfModel("chars", 3));
  EXPECT_NE(metrics_.OfModel("chars", 3), metrics_.OfModel("chars", 4));
  EXPECT_NE(metrics_.OfModel("chars", 3), metrics_.OfModel("words", 3));
}

TEST_F(MetricsTest, RefusalsAreCountedByTheReasonOfTheProtocol) {
  metrics_.Rejected(Reason::kStepGap);
  EXPECT_EQ(Series("sequent_rejected_total", {{"reason", "STEP_GAP"}}).counter.value, 1);
}

TEST_F(MetricsTest, StreamsAndQueuedStepsGoUpAndDown) {
  metrics_.StreamOpened();
  metrics_.StreamOpened();
  metrics_.StreamClosed();
  metrics_.SetQueuedSteps(42);
  EXPECT_EQ(Series("sequent_streams_active", {}).gauge.value, 1);
  EXPECT_EQ(Series("sequent_queued_steps", {}).gauge.value, 42);
}

TEST_F(MetricsTest, AModelIsLoadedUntilItIsUnloaded) {
  metrics_.ModelLoaded("chars", 3, 0.5);
  EXPECT_EQ(Series("sequent_model_loaded", chars_).gauge.value, 1);
  EXPECT_EQ(Series("sequent_model_load_seconds", chars_).gauge.value, 0.5);
  metrics_.ModelUnloaded("chars", 3);
  EXPECT_EQ(Series("sequent_model_loaded", chars_).gauge.value, 0);
}

TEST_F(MetricsTest, TheProcessIsMeasured) {
  metrics_.Update();
  EXPECT_GT(Series("process_resident_memory_bytes", {}).gauge.value, 1e6);
  EXPECT_GT(Series("process_virtual_memory_bytes", {}).gauge.value,
            Series("process_resident_memory_bytes", {}).gauge.value);
  EXPECT_GE(Series("process_open_fds", {}).gauge.value, 3);
  EXPECT_GE(Series("process_max_fds", {}).gauge.value, Series("process_open_fds", {}).gauge.value);
  EXPECT_GT(Series("process_start_time_seconds", {}).gauge.value, 1.5e9);
  const double before = Series("process_cpu_seconds_total", {}).counter.value;
  metrics_.Update();
  EXPECT_GE(Series("process_cpu_seconds_total", {}).counter.value, before);
}

}  // namespace
}  // namespace sequent::engine
