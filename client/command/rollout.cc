// sequent rollout: the model goes on by itself, as text or as a forecast.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "client/command/commands.h"

namespace sequent::client {
namespace {

struct Options {
  ModelFlags model;
  InputFlags input;
  std::string session, known;
  uint32_t steps = 0, samples = 1, top_k = 0;
  float temperature = 1, top_p = 1;
  std::optional<uint64_t> seed;
  std::vector<std::string> stop;
  std::vector<float> quantiles;
  bool commit = false;
};

StatusOr<v1::RolloutRequest> MakeRequest(const Options& options, Client* client) {
  std::string kind;
  if (!options.input.file.empty()) {
    SEQ_ASSIGN_OR_RETURN(kind, InputKind(options.model, options.session, client));
  }
  SEQ_ASSIGN_OR_RETURN(Input prompt, options.input.Read(kind));
  v1::RolloutRequest request;
  if (options.input.Given()) std::move(prompt).MoveTo(&request);
  request.set_session_id(options.session);
  request.set_model(options.model.model);
  request.set_version(options.model.version);
  request.set_steps(options.steps);
  request.set_samples(options.samples);
  request.mutable_sampling()->set_temperature(options.temperature);
  request.mutable_sampling()->set_top_k(options.top_k);
  request.mutable_sampling()->set_top_p(options.top_p);
  if (options.seed) request.mutable_sampling()->set_seed(*options.seed);
  for (const std::string& stop : options.stop) request.add_stop(stop);
  for (const float level : options.quantiles) request.add_quantiles(level);
  if (!options.known.empty()) {
    SEQ_ASSIGN_OR_RETURN(*request.mutable_known_inputs(), ParseRows(options.known, ';'));
  }
  if (options.commit) {
    SEQ_ASSIGN_OR_RETURN(const v1::SessionInfo info, client->GetSession(options.session));
    request.set_commit(true);
    request.set_epoch(info.epoch());
    request.set_step(info.next_step());
  }
  return request;
}

// One column's level of a step's quantiles, all columns behind one another.
std::string QuantileOf(const v1::Distribution& forecast, int step, int level) {
  const int levels = forecast.levels_size();
  const int width = static_cast<int>(forecast.mean().width());
  std::string cell;
  for (int column = 0; column < width; ++column) {
    const int index = (step * width + column) * levels + level;
    if (index >= forecast.quantiles().values_size()) continue;
    absl::StrAppend(&cell, cell.empty() ? "" : " ", Short(forecast.quantiles().values(index)));
  }
  return cell;
}

void PrintForecast(const v1::Distribution& forecast) {
  v1::HeadOutput head;
  *head.mutable_distribution() = forecast;
  const auto& scale = forecast.scale().values();
  // One path, or a head that forecasts points: there is no deviation to speak of.
  if (std::all_of(scale.begin(), scale.end(), [](float s) { return s == 0; })) {
    head.mutable_distribution()->clear_scale();
  }
  std::vector<std::vector<std::string>> rows = {{"ahead", "forecast"}};
  for (const float level : forecast.levels()) rows[0].push_back(StrCat("q", Short(level)));
  for (int step = 0; step < StepsOf(head); ++step) {
    std::vector<std::string> row = {StrCat(step + 1), DescribeStep(head, step)};
    for (int i = 0; i < forecast.levels_size(); ++i) row.push_back(QuantileOf(forecast, step, i));
    rows.push_back(std::move(row));
  }
  PrintTable(rows);
}

void PrintSummary(const v1::RolloutSummary& summary, bool live) {
  if (live && !summary.texts().empty()) std::puts("");
  for (int i = 0; !live && i < summary.texts_size(); ++i) {
    std::printf("--- sample %d\n%s\n", i, summary.texts(i).c_str());
  }
  for (const v1::Distribution& forecast : summary.forecast()) PrintForecast(forecast);
}

// One sample of text is printed as it comes; everything else when it is whole.
void PrintPart(const v1::RolloutResponse& part, bool live) {
  if (part.has_step() && live) {
    for (const v1::HeadOutput& head : part.step().heads()) {
      std::fputs(head.text().c_str(), stdout);
    }
    std::fflush(stdout);
  } else if (part.has_summary()) {
    PrintSummary(part.summary(), live);
    std::fflush(stdout);
    std::fprintf(stderr, "seed %llu, stopped by %s\n", static_cast<unsigned long long>(part.seed()),
                 part.summary().stop_reason().c_str());
  }
}

Status Run(const Options& options, bool json, Client* client) {
  SEQ_ASSIGN_OR_RETURN(const v1::RolloutRequest request, MakeRequest(options, client));
  const bool live = options.samples <= 1;
  return client->Rollout(request, [&](const v1::RolloutResponse& part) {
    if (json) {
      std::puts(ToJson(part).c_str());
    } else {
      PrintPart(part, live);
    }
    return true;
  });
}

}  // namespace

void AddRollout(CLI::App* app, Globals* globals) {
  CLI::App* command = app->add_subcommand(
      "rollout", "The model goes on by itself: generated text, forecasts several steps ahead");
  const auto options = std::make_shared<Options>();
  options->model.Add(command, false);
  options->input.Add(command);
  command->add_option("-s,--session", options->session,
                      "Continue this session (it stays as it is)");
  command->add_option("-n,--steps", options->steps, "Steps to make")->required();
  command->add_option("--samples", options->samples, "Paths to draw")->capture_default_str();
  command->add_option("--temperature", options->temperature, "Above 1 bolder, below 1 safer")
      ->capture_default_str();
  command->add_option("--top-k", options->top_k, "Draw from the k most probable; 0 = all");
  command->add_option("--top-p", options->top_p, "Draw from the smallest set this probable")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "The same seed gives the same draws");
  command->add_option("--stop", options->stop, "End before this text or label (repeatable)");
  command->add_option("--quantiles", options->quantiles, "Levels of the forecast: 0.1,0.9")
      ->delimiter(',');
  command->add_option("--known", options->known,
                      "Rows of the input columns the model does not forecast: '1,0;1,1'");
  command->add_flag("--commit", options->commit, "Advance the session by the path drawn");
  command->callback([options, globals] {
    const auto client = ConnectOrFail(globals);
    if (client == nullptr) return;
    const Status status = Run(*options, globals->json, client.get());
    if (!status.ok()) Fail(globals, status);
  });
}

}  // namespace sequent::client
