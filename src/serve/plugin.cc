// The sessions: a thread that takes connections, and one for each session that is open.
#include <sys/socket.h>

#include <condition_variable>
#include <set>
#include <thread>

#include "base/log.h"
#include "base/workers.h"
#include "serve/remotes.h"

namespace gopouch::serve {

namespace {

using Clock = base::Call::Clock;

}  // namespace

struct Plugin::Rep {
  Rep(net::Listener at, store::Store& with, std::span<object::Remote> objects, Options how)
      : listener(std::move(at)), store(with), options(std::move(how)), threads(options.sessions) {
    if (!objects.empty()) remotes.emplace(objects, with, options);
  }

  void accept_all();
  void run(const base::Fd& socket);
  void converse(const base::Fd& socket, const std::optional<protocol::Greeting>& scope,
                protocol::Connection& go);
  void trim();

  struct State {
    std::set<int> sockets;  // of sessions that are open
    std::set<const session::Session*> sessions;
    Counts counts;  // with those of sessions that have ended
  };

  const net::Listener listener;
  store::Store& store;
  const Options options;
  session::Flights flights;
  session::Misses misses;
  std::optional<Remotes> remotes;
  mutable base::Guarded<State> state;
  std::condition_variable ended;
  std::atomic<bool> stopped = false;
  std::atomic<bool> trimming = false;
  base::Workers threads;
  std::jthread acceptor;  // last: ends first
};

Plugin::Plugin(net::Listener listener, store::Store& store, std::span<object::Remote> objects,
               Options options)
    : rep_(std::make_unique<Rep>(std::move(listener), store, objects, std::move(options))) {
  rep_->acceptor = std::jthread([this] { rep_->accept_all(); });
}

Plugin::~Plugin() { stop(); }

const net::Address& Plugin::address() const { return rep_->listener.address(); }

Counts Plugin::counts() const {
  Counts counts;
  {
    auto state = rep_->state.lock();
    counts = state->counts;
    for (const session::Session* const one : state->sessions) counts.sessions += one->counts();
  }
  if (rep_->remotes) counts.remote = rep_->remotes->counts();
  return counts;
}

std::vector<session::Miss> Plugin::costliest() const { return rep_->misses.costliest(); }

void Plugin::Rep::accept_all() {
  while (base::Fd socket = listener.accept()) {
    {
      auto now = state.lock();
      ++now->counts.open;
      now->sockets.insert(socket.get());
    }
    threads.add([this, shared = std::make_shared<base::Fd>(std::move(socket))] {
      run(*shared);
      {
        auto now = state.lock();
        --now->counts.open;
        ++now->counts.ended;
        now->sockets.erase(shared->get());
        shared->reset();
      }
      ended.notify_all();
    });
  }
}

// One session, from hello to the last upload.
void Plugin::Rep::run(const base::Fd& socket) {
  protocol::Connection go(socket.get(), socket.get(), options.protocol);
  // Go waits for it, and says nothing before it has come.
  if (!go.hello()) return;
  const protocol::Opening opening = protocol::read_opening(socket.get());
  switch (opening.kind) {
    case protocol::Opening::Kind::kEnded:
      return;
    case protocol::Opening::Kind::kForeign:
      base::log(base::LogLevel::kWarning, "a client of another version, or none; hung up");
      return;
    case protocol::Opening::Kind::kPlain:
      return converse(socket, std::nullopt, go);
    case protocol::Opening::Kind::kGreeted:
      return converse(socket, opening.greeting, go);
  }
}

void Plugin::Rep::converse(const base::Fd& socket, const std::optional<protocol::Greeting>& scope,
                           protocol::Connection& go) {
  std::optional<Remotes::Seat> seat;
  if (remotes) seat.emplace(*remotes, scope);
  session::Counts counts;
  {
    session::Session session(store, seat ? &seat->remote() : nullptr, options.session, &flights,
                             &misses);
    state.lock()->sessions.insert(&session);
    // Only after a close does go wait for more.
    if (go.serve(session) != protocol::Ending::kClose) ::shutdown(socket.get(), SHUT_RDWR);
    counts = session.counts();
    auto now = state.lock();
    now->sessions.erase(&session);
    now->counts.sessions += counts;
  }
  base::log(base::LogLevel::kInfo, "a session: {} hits, {} misses, {} puts", counts.hits,
            counts.misses, counts.puts);
  if (seat) seat->end();
  go.finish();
  ::shutdown(socket.get(), SHUT_RDWR);
  // From here on go has gone its way.
  if (seat) seat->finish();
  trim();
}

void Plugin::Rep::trim() {
  if (!store.trim_due() || trimming.exchange(true)) return;
  store.trim();
  trimming = false;
}

void Plugin::stop() {
  Rep& r = *rep_;
  if (r.stopped.exchange(true)) return;
  r.listener.stop();
  r.acceptor.join();
  const auto none = [](const Rep::State& state) { return state.counts.open == 0; };
  auto state = r.state.lock();
  if (state.wait_until(r.ended, Clock::now() + r.options.drain, none)) return;
  // Go's requests are answered as far as they have come.
  for (const int socket : state->sockets) ::shutdown(socket, SHUT_RD);
  state.wait_until(r.ended, Clock::now() + r.options.flush_timeout + r.options.drain, none);
}

}  // namespace gopouch::serve
