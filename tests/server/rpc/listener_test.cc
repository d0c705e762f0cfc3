#include "server/rpc/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "core/base/mutex.h"
#include "tests/support/eventually.h"

namespace sequent::rpc {
namespace {

Descriptor NewSocket() { return Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

bool Connect(const Descriptor& socket, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

// Whether the other side closes the connection without a word.
bool IsClosed(const Descriptor& socket) {
  char byte = 0;
  return recv(socket.get(), &byte, 1, 0) <= 0;
}

class ListenerTest : public testing::Test {
 protected:
  void Listen(size_t max_connections) {
    auto bound = Listener::Bind("127.0.0.1:0", max_connections, &problems);
    ASSERT_TRUE(bound.ok()) << bound.status();
    listener = *std::move(bound);
    listener->Start([this](int, int fd) {
      MutexLock lock(&mutex);
      handed.emplace_back(fd);
    });
  }
  Descriptor Client() {
    Descriptor client = NewSocket();
    EXPECT_TRUE(Connect(client, listener->port()));
    return client;
  }
  size_t Handed() {
    MutexLock lock(&mutex);
    return handed.size();
  }
  // As gRPC does: first shut down, then closed.
  void DropAll() {
    MutexLock lock(&mutex);
    for (const Descriptor& connection : handed) shutdown(connection.get(), SHUT_RDWR);
    handed.clear();
  }

  std::vector<Event> events;
  ProblemLog problems{Clock::Real(), [this](const Event& event) { events.push_back(event); }};
  Mutex mutex;
  std::vector<Descriptor> handed SEQ_GUARDED_BY(mutex);
  std::unique_ptr<Listener> listener;
};

TEST_F(ListenerTest, HandsOverConnections) {
  Listen(10);
  const Descriptor a = Client(), b = Client();
  EXPECT_TRUE(Eventually([&] { return Handed() == 2; }));
  EXPECT_EQ(listener->connections(), 2u);
}

TEST_F(ListenerTest, ATakenPortCannotBeBound) {
  Listen(10);
  const auto second =
      Listener::Bind("127.0.0.1:" + std::to_string(listener->port()), 10, &problems);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ListenerTest, ConnectionsBeyondTheLimitAreClosedAtOnceAndReported) {
  Listen(2);
  const Descriptor a = Client(), b = Client();
  ASSERT_TRUE(Eventually([&] { return Handed() == 2; }));
  const Descriptor c = Client();
  EXPECT_TRUE(IsClosed(c));
  EXPECT_EQ(listener->connections(), 2u);
  listener->Stop();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].fields[0].second, "MAX_CONNECTIONS");
}

TEST_F(ListenerTest, AConnectionThatEndsMakesRoom) {
  Listen(1);
  for (int i = 0; i < 20; ++i) {
    const Descriptor client = Client();
    ASSERT_TRUE(Eventually([&] { return Handed() == 1; })) << i;
    DropAll();
    ASSERT_TRUE(Eventually([&] { return listener->connections() == 0; })) << i;
  }
  listener->Stop();
  EXPECT_EQ(events.size(), 0u);
}

TEST_F(ListenerTest, BeforeStartClientsWaitInsteadOfBeingRefused) {
  auto bound = Listener::Bind("127.0.0.1:0", 10, &problems);
  ASSERT_TRUE(bound.ok());
  const Descriptor early = NewSocket();
  EXPECT_TRUE(Connect(early, (*bound)->port()));
}

TEST_F(ListenerTest, AfterStopNobodyIsLetIn) {
  Listen(10);
  const int port = listener->port();
  listener->Stop();
  EXPECT_FALSE(Connect(NewSocket(), port));
}

TEST_F(ListenerTest, SurvivesALackOfDescriptors) {
  Listen(10);
  const Descriptor unlucky = NewSocket(), lucky = NewSocket();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  low.rlim_cur = 256;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  {
    std::vector<Descriptor> all;
    do {
      all.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    } while (all.back().valid());
    ASSERT_TRUE(Connect(unlucky, listener->port()));
    EXPECT_TRUE(IsClosed(unlucky));
  }
  setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_TRUE(Connect(lucky, listener->port()));
  EXPECT_TRUE(Eventually([&] { return Handed() == 1; }));
}

TEST(HostPort, IsSplitAtTheLastColon) {
  EXPECT_EQ(HostPort::Parse("localhost:8001")->host, "localhost");
  EXPECT_EQ(HostPort::Parse("localhost:8001")->port, 8001);
  EXPECT_EQ(HostPort::Parse("[::1]:0")->host, "::1");
  EXPECT_EQ(HostPort::Parse("0.0.0.0:65535")->port, 65535);
}

TEST(HostPort, OtherTextsAreRefused) {
  for (const char* address : {"", "localhost", ":80", "host:", "host:x", "host:80x", "host:65536",
                              "host:-1", "::1:80", "[]:80", "host: 80"}) {
    EXPECT_EQ(HostPort::Parse(address).status().code(), absl::StatusCode::kInvalidArgument)
        << address;
  }
}

}  // namespace
}  // namespace sequent::rpc
