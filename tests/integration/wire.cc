#include "tests/integration/wire.h"

#include <arpa/inet.h>
#include <grpcpp/generic/generic_stub.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

namespace sequent::rpc {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const auto& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// Waits for the one operation under way.
bool NextOk(grpc::CompletionQueue* queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue->Next(&tag, &ok) && ok;
}

// Ends by itself when a test has gone wrong.
std::unique_ptr<grpc::ClientContext> ShortContext() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  return context;
}

}  // namespace

std::pair<grpc::Status, std::string> RawUnary(const std::shared_ptr<grpc::Channel>& channel,
                                              const std::string& method, const std::string& bytes) {
  const auto context = ShortContext();
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(context.get(), method, ToBuffer(bytes), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  NextOk(&queue);
  return {status, ToBytes(reply)};
}

RawStreamResult RawStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                          const std::vector<std::string>& messages, bool keep_open) {
  const auto context = ShortContext();
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(context.get(), method, &queue);
  call->StartCall(nullptr);
  bool ok = NextOk(&queue);
  for (size_t i = 0; ok && i < messages.size(); ++i) {
    call->Write(ToBuffer(messages[i]), nullptr);
    ok = NextOk(&queue);
  }
  if (ok && !keep_open) {
    call->WritesDone(nullptr);
    NextOk(&queue);
  }
  RawStreamResult result;
  while (true) {
    grpc::ByteBuffer reply;
    call->Read(&reply, nullptr);
    if (!NextOk(&queue)) break;
    result.messages.push_back(ToBytes(reply));
  }
  call->Finish(&result.status, nullptr);
  NextOk(&queue);
  return result;
}

HttpAnswer HttpGet(int port, const std::string& path) {
  HttpAnswer answer;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string text;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
    char buffer[4096];
    ssize_t count = send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    while (count > 0 && (count = recv(fd, buffer, sizeof buffer, 0)) > 0)
      text.append(buffer, count);
  }
  close(fd);
  const size_t split = text.find("\r\n\r\n");
  if (split == std::string::npos) return answer;
  answer.head = text.substr(0, split);
  answer.body = text.substr(split + 4);
  answer.code = std::atoi(answer.head.c_str() + answer.head.find(' '));
  return answer;
}

}  // namespace sequent::rpc
