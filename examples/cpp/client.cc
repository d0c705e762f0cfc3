// Streams measurements to a model and prints its one-step-ahead forecasts.
//
//   sequent-example-client localhost:8001 melbourne < values.txt
//
// One value per line in, one forecast per line out. Lines are sent without waiting for answers; the
// client puts what gathers into one message, and sends again, safely, what a broken connection
// lost.

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <semaphore>
#include <string>

#include "client/client.h"

namespace {

void PrintForecast(const sequent::v1::PredictResponse& answer) {
  for (const sequent::v1::HeadOutput& head : answer.heads()) {
    const auto& values = head.has_distribution() ? head.distribution().mean() : head.values();
    for (const float value : values.values()) std::printf("%s %g\n", head.name().c_str(), value);
  }
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s HOST:PORT MODEL < VALUES\n", argv[0]);
    return 2;
  }
  sequent::client::ClientOptions options;
  options.address = argv[1];
  const auto client = sequent::client::Client::Connect(options);
  if (!client.ok()) return Fail(client.status());

  sequent::client::SessionOptions session_options;
  session_options.model = argv[2];
  const auto session = (*client)->StartSession(session_options);
  if (!session.ok()) return Fail(session.status());

  constexpr int kWindow = 64;  // lines under way at once
  std::counting_semaphore<kWindow> window(kWindow);
  std::string line;
  while (std::getline(std::cin, line)) {
    const float value = std::strtof(line.c_str(), nullptr);
    window.acquire();
    (*session)->StepAsync(sequent::client::Input::Row({&value, 1}), {}, [&](auto answer) {
      if (answer.ok())
        PrintForecast(*answer);
      else
        Fail(answer.status());
      window.release();
    });
  }
  for (int i = 0; i < kWindow; ++i) window.acquire();
  const auto end = (*session)->End();
  return end.ok() ? 0 : Fail(end.status());
}
