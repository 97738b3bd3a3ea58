// The bridge between go and a server: two threads that copy, and a ledger that both write.
//
// Bytes are copied through this process, and not spliced past it, so that the ledger can be kept: a
// build whose server dies goes on. What comes from the server is handed on in whole lines.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "base/bytes.h"
#include "base/guarded.h"
#include "serve/serve.h"

namespace gopouch::serve {

namespace {

constexpr std::chrono::milliseconds kConnectTime{1000};
constexpr std::chrono::milliseconds kHelloTime{2000};  // a server that hangs is none
constexpr std::size_t kBuffer = std::size_t{64} << 10U;

using Buffer = std::array<char, kBuffer>;

class Bridge {
 public:
  Bridge(base::Fd server, int in, int out)
      : server_(std::move(server)), in_(in), out_(out), cut_(::eventfd(0, EFD_CLOEXEC)) {}

  // False: the server said no hello.
  bool start();
  // Copies requests until the server or go ends. True: go did.
  bool copy_requests(const std::string& greeting);
  // After copy_requests(): waits for the last answers.
  Crossing finish(bool go_ended);

 private:
  void copy_answers();
  bool hand_on(std::string_view bytes);
  bool to_server(std::string_view bytes);

  const base::Fd server_;
  const int in_, out_;
  const base::Fd cut_;  // readable when the server has gone
  base::Guarded<protocol::Ledger> ledger_;
  std::string part_;                   // the beginning of an answer, not handed on yet
  std::atomic<bool> go_gone_ = false;  // nobody reads our answers
  std::jthread answers_;               // last: ends first
};

// Whether a descriptor can be read from before the time is over.
bool readable(int fd, std::chrono::milliseconds time) {
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, static_cast<int>(time.count())) > 0;
}

bool Bridge::start() {
  char first = 0;
  if (!readable(server_.get(), kHelloTime) || ::recv(server_.get(), &first, 1, MSG_PEEK) != 1 ||
      first != '{') {
    return false;
  }
  answers_ = std::jthread([this] { copy_answers(); });
  return true;
}

// Lines that are whole, to go. False: go does not read them.
bool Bridge::hand_on(std::string_view bytes) {
  auto ledger = ledger_.lock();
  const std::size_t whole = ledger->answered(bytes);
  if (whole == 0) {
    part_ += bytes;
    return true;
  }
  const auto write = [&](std::string_view text) {
    return base::write_all(out_, base::bytes_of(text)).ok();
  };
  const bool done = (part_.empty() || write(part_)) && write(bytes.substr(0, whole));
  part_ = bytes.substr(whole);
  return done;
}

void Bridge::copy_answers() {
  const auto buffer = std::make_unique<Buffer>();
  while (true) {
    const std::ptrdiff_t size = base::read_some(server_.get(), *buffer);
    if (size <= 0) break;
    if (!hand_on({buffer->data(), static_cast<std::size_t>(size)})) {
      go_gone_ = true;
      break;
    }
  }
  const std::uint64_t one = 1;
  if (::write(cut_.get(), &one, sizeof one) < 0) return;
}

bool Bridge::to_server(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(server_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

bool Bridge::copy_requests(const std::string& greeting) {
  if (!to_server(greeting)) return false;
  const auto buffer = std::make_unique<Buffer>();
  std::array<pollfd, 2> wanted{pollfd{.fd = in_, .events = POLLIN, .revents = 0},
                               pollfd{.fd = cut_.get(), .events = POLLIN, .revents = 0}};
  while (true) {
    if (::poll(wanted.data(), wanted.size(), -1) < 0) continue;
    if (wanted[1].revents != 0) return go_gone_;
    const std::ptrdiff_t size = base::read_some(in_, *buffer);
    if (size <= 0) return true;
    const std::string_view bytes(buffer->data(), static_cast<std::size_t>(size));
    ledger_.lock()->asked(bytes);
    if (!to_server(bytes)) return false;
  }
}

Crossing Bridge::finish(bool go_ended) {
  // Either both sides end now, or one of them is gone already.
  ::shutdown(server_.get(), go_ended ? SHUT_WR : SHUT_RDWR);
  if (answers_.joinable()) answers_.join();
  auto ledger = ledger_.lock();
  if (go_ended || go_gone_ || ledger->closed()) return {};
  return {Crossing::End::kCut, "the server has gone", ledger->hello_seen(), ledger->take_rest()};
}

}  // namespace

Crossing connect(const net::Address& address, int in, int out,
                 const std::function<protocol::Greeting()>& greeting) {
  auto server = net::dial(address, base::Call::within(kConnectTime));
  if (!server) return {Crossing::End::kNobody, server.error().message};
  Bridge bridge(*std::move(server), in, out);
  if (!bridge.start()) {
    return {Crossing::End::kNobody, address.text() + ": nobody there who speaks the protocol"};
  }
  return bridge.finish(bridge.copy_requests(protocol::encode(greeting())));
}

}  // namespace gopouch::serve
